"""Writing notices in the transaction of what they tell, and sending them afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal
from ipse.notices import store
from ipse.notices.model import Contact, NoticeKind
from ipse.storage.statement import Transaction, run


class _Sealed(msgspec.Struct, frozen=True):
    """What a notice keeps for its text, and addresses that are given up with the change it tells."""

    facts: dict[str, str]
    before: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Notices:
    """Use cases of notices."""

    keystore: Keystore
    ids: Ids

    def telling(
        self,
        account_id: str,
        kind: NoticeKind,
        *,
        now: int,
        facts: Mapping[str, str] | None = None,
        before: Sequence[Contact] = (),
    ) -> Transaction[None]:
        """Write a notice inside the transaction of what it tells.

        `facts` are words that the text needs, such as the reason of a block. `before` are addresses that the person
        gives up with this very change: they are told, too. Both are kept sealed until the notice was sent.
        """
        notice_id = self.ids.identifier()
        plain = msgspec.json.encode(_Sealed(dict(facts or {}), tuple(before)))
        sealed = seal(self._key, plain, table="notices_notices", row=notice_id, column="sealed")
        yield from run(store.WRITE, notice_id, account_id, kind, sealed, now)

    @property
    def _key(self) -> bytes:
        return self.keystore.working_key("notice")
