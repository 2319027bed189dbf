"""Messages in inboxes, each in a file of its own, so that they survive a restart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids, b64u, sha256

Kind = Literal["mail", "sms"]
MOST_KEPT: Final = 60
"""Messages in one inbox; older ones are thrown away."""
LONGEST: Final = 20_000
"""Characters of a text."""


class Message(msgspec.Struct, frozen=True):
    """A message that arrived; `at` in microseconds."""

    kind: Kind
    to: str
    subject: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Inboxes:
    """All inboxes of the world."""

    folder: Path
    clock: Clock
    ids: Ids

    def deliver(self, kind: Kind, to: str, subject: str, text: str) -> None:
        """Put a message into the inbox of an e-mail address or of a phone number (`+32 400000101`, spaces or not)."""
        message = Message(kind, to.strip(), subject[:400], text[:LONGEST], self.clock.now())
        folder = self._folder(kind, to)
        folder.mkdir(parents=True, exist_ok=True)
        # Two of one moment keep their order, too.
        latest = max((int(path.name[:20]) for path in folder.glob("*.json")), default=-1)
        name = f"{max(message.at, latest + 1):020}-{self.ids.identifier()}"
        fresh = folder / f"{name}.new"
        fresh.write_bytes(msgspec.json.encode(message))
        fresh.replace(folder / f"{name}.json")
        for old in sorted(folder.glob("*.json"))[:-MOST_KEPT]:
            old.unlink(missing_ok=True)

    def of(self, *addresses: str) -> list[Message]:
        """The messages to any of these addresses and numbers, newest first."""
        kinds: tuple[Kind, Kind] = ("mail", "sms")
        folders = {self._folder(kind, to) for to in addresses for kind in kinds}
        return _newest_first(path for folder in folders for path in folder.glob("*.json"))

    def all(self) -> list[Message]:
        """Every message, newest first."""
        return _newest_first(self.folder.glob("*/*.json"))

    def _folder(self, kind: Kind, to: str) -> Path:
        return self.folder / b64u(sha256(f"{kind}\n{address_key(to)}"))


def address_key(to: str) -> str:
    """What two ways of writing one address or number have in common."""
    return "".join(to.split()).lower()


def _newest_first(paths: Iterable[Path]) -> list[Message]:
    found: list[tuple[str, Message]] = []
    for path in paths:
        try:
            found.append((path.name, msgspec.json.decode(path.read_bytes(), type=Message)))
        except (FileNotFoundError, msgspec.DecodeError):
            continue
    return [message for _, message in sorted(found, key=lambda each: each[0], reverse=True)]
