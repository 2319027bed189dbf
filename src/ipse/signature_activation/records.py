"""Rows and the log together: what is newest is kept, and nothing else is believed."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import msgspec

from ipse.kernel.clock import SECOND, Clock, seconds
from ipse.kernel.sealing import UnsealError, seal, unseal
from ipse.signature_activation import store
from ipse.signature_activation.errors import Refusal, Tampered
from ipse.signature_activation.head_file import HeadFile
from ipse.signature_activation.lines import Line, Note, Register, digest_of_row
from ipse.signature_activation.model import Held, Presented, Verdict
from ipse.storage.database import Database

_PAGE = 1000


@dataclass(slots=True)
class Records:
    """The database as this process alone knows it. Open it with `opened`."""

    database: Database
    clock: Clock
    key: bytes = field(repr=False)
    register: Register
    head: HeadFile
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def replay(self, kept: str = "", *, restored: bool = False) -> None:
        """Read the whole log, and see that it is the one that was written; `kept` is a head somebody has noted.

        `restored`: whatever the head file says, because somebody has judged that it is a back-up.

        Raises:
            Tampered: a line was changed or is missing, or the database is older than what was written last.
        """
        noted, digest = await asyncio.to_thread(self.head.read)
        now, reached = seconds(self.clock.now()), restored
        async for line in lines_of(self.database):
            self.register.follow(line, now=now)
            reached = reached or (line.seq == noted and hmac.compare_digest(line.digest, digest))
            kept = "" if kept == self.register.head else kept
        if kept:
            raise Tampered("the audit log does not hold the line that was noted")
        # A crash may lose the note of the very first line, never that of later ones: then somebody has removed it.
        if not reached and noted == 0 and self.register.seq > 1:
            raise Tampered("the head file is missing or was changed; put back the newest")
        if not reached and noted:
            raise Tampered(f"the audit log was cut off or replaced before line {noted}; put back the newest database")

    async def note(self) -> None:
        """Note the last line in the head file, whatever was noted before."""
        if self.register.seq:
            await asyncio.to_thread(self.head.restart, self.register.seq, self.register.digest)

    async def held(self, credential: str) -> Held | None:
        """A credential, None where there never was one.

        Raises:
            Tampered: its row is not the newest.
        """
        row = await self.database.row(store.CREDENTIAL, credential)
        expected = self.register.rows.get(credential)
        if row is None and expected is None:
            return None
        octets = b"" if row is None else bytes(row["sealed"])
        if expected is None or not hmac.compare_digest(digest_of_row(octets), expected):
            raise Tampered(f"the row of credential {credential} is not the one that was written last")
        try:
            plain = unseal(self.key, octets, table="credentials", row=credential, column="sealed")
        except UnsealError as error:
            raise Tampered(str(error)) from error
        return msgspec.msgpack.decode(plain, type=Held)

    async def verdict(self, presented: Presented, action: bytes, *, kept_seconds: int) -> Verdict | None:
        """What became of this approval before; None when nothing did.

        Raises:
            Refusal: `used`: its request has signed by another approval, or its answer is no longer kept.
        """
        rows = await self.database.rows(store.APPROVALS, presented.approval, action)
        found = next((row for row in rows if bytes(row["approval"]) == presented.approval), None)
        used = self.register.used.get(action)
        if found is None:
            if rows or used is not None:
                raise Refusal("used", "this request has signed before")
            return None
        if found["judged_at"] + kept_seconds * SECOND < self.clock.now():
            raise Refusal("used", "this approval was judged before, and its answer is no longer kept")
        try:
            plain = unseal(
                self.key, bytes(found["sealed"]), table="approvals", row=presented.approval.hex(), column="sealed"
            )
        except UnsealError as error:
            raise Tampered(str(error)) from error
        return msgspec.msgpack.decode(plain, type=Verdict)

    async def keep(
        self, act: str, held: Held, note: Note, *, judged: tuple[bytes, bytes | None, Verdict] | None = None
    ) -> None:
        """Write a credential as it is now, its line, and what became of an approval. Durable when this returns.

        It goes to its end even where the one who asked has gone: database and memory must say the same.
        """
        await asyncio.shield(self._keep(act, held, note, judged))

    async def _keep(self, act: str, held: Held, note: Note, judged: tuple[bytes, bytes | None, Verdict] | None) -> None:
        octets = seal(self.key, msgspec.msgpack.encode(held), table="credentials", row=held.credential, column="sealed")
        row = store.Sealed(held.credential, held.state, octets)
        verdict = None
        if judged is not None:
            approval, action, became = judged
            plain = msgspec.msgpack.encode(became)
            sealed = seal(self.key, plain, table="approvals", row=approval.hex(), column="sealed")
            verdict = store.Judged(approval, action, sealed)
        noted = msgspec.structs.replace(note, row=digest_of_row(octets))
        async with self._writing:
            now = self.clock.now()
            line = self.register.next(now, act, held.credential, noted)
            await self.database.transact(lambda: store.keep(line, row, verdict))
            self.register.follow(line, now=seconds(now))
            await asyncio.to_thread(self.head.write, line.seq, line.digest)

    async def forget(self, seconds_kept: int) -> None:
        """Let go of verdicts that nobody can ask for any more."""
        now = self.clock.now()
        self.register.forget(seconds(now))
        await self.database.rows(store.FORGET, now - seconds_kept * SECOND)

    async def counts(self) -> Mapping[str, int]:
        """How many credentials there are by state."""
        rows = await self.database.rows(store.COUNTS)
        return {row["state"]: row["count"] for row in rows}


async def lines_of(database: Database) -> AsyncIterator[Line]:
    """All lines in order."""
    after = 0
    while rows := await database.rows(store.LINES, after, _PAGE):
        for row in rows:
            yield store.read_line(row)
        after = rows[-1]["seq"]


async def first_wrong(records: Records, kept: str = "") -> str:
    """What does not fit: a line, the head (or one that was `kept`), or a credential's row; empty when all do."""
    try:
        await records.replay(kept)
    except Tampered as error:
        return str(error)
    unseen, after = set(records.register.rows), ""
    while rows := await records.database.rows(store.CREDENTIALS, after, _PAGE):
        for row in rows:
            after = row["credential"]
            unseen.discard(after)
            if records.register.rows.get(after) != digest_of_row(bytes(row["sealed"])):
                return f"the row of credential {after} is not the one that was written last"
    return f"the row of credential {min(unseen)} is missing" if unseen else ""
