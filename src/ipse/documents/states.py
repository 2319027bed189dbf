"""What is kept between prepare and finish: msgpack, sealed by whoever keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from ipse.documents.certificates import digest_of
from ipse.documents.errors import DocumentUnreadable
from ipse.documents.model import Hash, Prepared


class Kept(Protocol):
    """Any format's state."""

    @property
    def hash(self) -> Hash:
        """Which hash the signature is made with."""

    @property
    def to_be_signed(self) -> bytes:
        """Over which the value is."""


State = TypeVar("State", bound=msgspec.Struct)


def sealed(state: Kept) -> Prepared:
    """A state as its keeper gets it."""
    return Prepared(
        state=msgspec.msgpack.encode(state),
        digest=digest_of(state.to_be_signed, state.hash),
        to_be_signed=state.to_be_signed,
        hash=state.hash,
    )


def opened(state: bytes, kind: type[State]) -> State:
    """The state again.

    Raises:
        DocumentUnreadable: it is of another format, or damaged.
    """
    try:
        return msgspec.msgpack.decode(state, type=kind)
    except msgspec.MsgspecError as error:
        raise DocumentUnreadable("not a state of this format") from error


def to_be_signed(prepared: Sequence[Prepared]) -> tuple[bytes, ...]:
    """The digests of several documents (DTBS/R), in their order: what a phone shows and signature activation signs."""
    return tuple(one.digest for one in prepared)
