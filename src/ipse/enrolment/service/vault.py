"""What an enrolment keeps for a while, sealed with the installation's enrolment key to its row and column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from ipse.kernel.sealing import seal, unseal

T = TypeVar("T")
_TABLE: Final = "enrolment_enrolments"


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens values."""

    key: bytes

    def put(self, value: object, *, row: str, column: str) -> bytes:
        """Return the sealed JSON of a value."""
        return seal(self.key, msgspec.json.encode(value), table=_TABLE, row=row, column=column)

    def take(self, sealed: bytes, kind: type[T], *, row: str, column: str) -> T:
        """Return what was sealed for this row and column.

        Raises:
            UnsealError: it was changed or moved.
        """
        plain = unseal(self.key, bytes(sealed), table=_TABLE, row=row, column=column)
        return msgspec.json.decode(plain, type=kind)
