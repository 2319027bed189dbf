"""Keep what registrars said of people, and answer with the attributes made out of it.

Facts and evidence are one sealed document and one sealed record each, under the key of the person: when that key is
gone, so are they.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from ipse.attributes import store
from ipse.attributes.errors import NoFactsError
from ipse.attributes.model import Circumstances, Evidence, Facts, Json
from ipse.attributes.rules import derive
from ipse.kernel import clock as times
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.sealing import seal, unseal
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.statement import Row, Transaction

PersonKey = Callable[[str], Awaitable[bytes]]
"""Gives the key of a person by account id."""


class Telling(Protocol):
    """Writes the notice of an end that comes, or has come, inside a transaction."""

    def __call__(self, account_id: str, *, ended: bool, now: int) -> Transaction[None]:
        """Write it."""


EARLY_DAYS: Final = 60
LATE_DAYS: Final = 14
"""How long before the end of evidence its person is told, twice."""

_DAY: Final = 86_400 * SECOND
_BATCH: Final = 200
_DOCUMENTS: Final = "attributes_documents"
_EVIDENCE: Final = "attributes_evidence"


class Attributes:
    """What is known of people."""

    def __init__(self, db: Database, person_key: PersonKey, clock: Clock) -> None:
        self._db = db
        self._person_key = person_key
        self._clock = clock

    async def facts(self, account_id: str) -> Facts:
        """Return what registrars said of a person.

        Raises:
            NoFactsError: nothing was ever kept.
            UnsealError: the stored document was changed or moved.
        """
        sealed = await store.document(self._db, account_id)
        if sealed is None:
            raise NoFactsError("an account without facts")
        key = await self._person_key(account_id)
        plain = unseal(key, sealed, table=_DOCUMENTS, row=account_id, column="sealed")
        return msgspec.json.decode(plain, type=Facts)

    async def values(
        self,
        account_id: str,
        names: Collection[str],
        *,
        language: str | None = None,
        circumstances: Circumstances | None = None,
    ) -> dict[str, Json]:
        """Return the asked attributes of a person today; what is not known is left out. Raises as `facts`."""
        facts = await self.facts(account_id)
        today = times.day(self._clock.now())
        return derive(facts, names, today=today, language=language, circumstances=circumstances)

    def preview(self, facts: Facts, names: Collection[str], *, language: str) -> dict[str, Json]:
        """Return attributes of facts that are not kept yet: what a person is shown before they activate."""
        return derive(facts, names, today=times.day(self._clock.now()), language=language)

    async def evidence(self, account_id: str) -> list[Evidence]:
        """Return all evidence of a person, oldest first."""
        rows = await store.evidence_of(self._db, account_id)
        if not rows:
            return []
        key = await self._person_key(account_id)
        return [
            msgspec.json.decode(
                unseal(key, bytes(row["sealed"]), table=_EVIDENCE, row=row["evidence_id"], column="sealed"),
                type=Evidence,
            )
            for row in rows
        ]

    async def copy(self, account_id: str) -> dict[str, Any]:
        """Facts and evidence, opened, for their person to take along. Raises as `facts`."""
        document, rows = await store.copy_of(self._db, account_id)
        records = {each.evidence_id: msgspec.to_builtins(each) for each in await self.evidence(account_id)}
        return {
            "facts": msgspec.to_builtins(await self.facts(account_id)),
            "kept": copied(document),
            "evidence": [{**row, "record": records[row["evidence_id"]]} for row in copied(rows)],
        }

    async def route(self, account_id: str) -> str | None:
        """Return how a person last proved who they are: `bank` or `eid_card`; None without evidence."""
        return await store.route(self._db, account_id)

    async def born_from(self, registrar: str, since: int) -> list[tuple[str, int, str]]:
        """Return accounts with evidence from a registrar received since then (microseconds UTC), when, and its level.

        What an operator needs when a bank turns out to be compromised (T-12). Each account once, by its first evidence.
        """
        found: dict[str, tuple[str, int, str]] = {}
        for row in await store.born_from(self._db, registrar, since):
            account_id = str(row["account_id"])
            found.setdefault(account_id, (account_id, row["kept_at"], str(row["assurance"])))
        return list(found.values())

    async def tell_of_ends(self, telling: Telling) -> int:
        """Tell people that their evidence ends soon, sooner, and has ended; returns how many were told.

        Each telling is taken by one conditional statement in the transaction that writes the notice.
        """
        now, told = self._clock.now(), 0
        early, late = now + EARLY_DAYS * _DAY, now + LATE_DAYS * _DAY
        while rows := await store.due(self._db, now, early, late, most=_BATCH):
            for row in rows:
                which = "ended" if row["expires_at"] < now else "late" if row["expires_at"] < late else "early"
                told += await self._db.transact(partial(self._telling, row, which, telling, now))
        return told

    def _telling(self, row: Row, which: str, telling: Telling, now: int) -> Transaction[bool]:
        taken = yield from store.tell(row["evidence_id"], which, now)
        if taken:
            yield from telling(row["account_id"], ended=which == "ended", now=now)
        return taken

    def knowing(self, account_id: str, key: bytes) -> Transaction[Facts | None]:
        """What is known of a person, inside a transaction; None when nothing was ever kept."""
        sealed = yield from store.sealed_document(account_id)
        if sealed is None:
            return None
        return msgspec.json.decode(unseal(key, sealed, table=_DOCUMENTS, row=account_id, column="sealed"), type=Facts)

    def changing(self, account_id: str, key: bytes, facts: Facts, *, now: int) -> Transaction[None]:
        """Keep changed facts of a person, inside a transaction, without new evidence."""
        plain = msgspec.json.encode(facts)
        sealed = seal(key, plain, table=_DOCUMENTS, row=account_id, column="sealed")
        yield from store.keep_document(account_id, sealed, now)

    def forgetting(self, account_id: str) -> Transaction[None]:
        """Delete facts and evidence, inside the transaction that deletes the person."""
        yield from store.forget(account_id)

    def keeping(self, account_id: str, key: bytes, facts: Facts, evidence: Evidence, now: int) -> Transaction[None]:
        """Keep facts and their evidence inside the transaction of an activation."""
        plain = msgspec.json.encode(facts)
        yield from store.keep_document(
            account_id, seal(key, plain, table=_DOCUMENTS, row=account_id, column="sealed"), now
        )
        record = msgspec.json.encode(evidence)
        yield from store.keep_evidence(
            evidence.evidence_id,
            account_id,
            seal(key, record, table=_EVIDENCE, row=evidence.evidence_id, column="sealed"),
            registrar=evidence.registrar,
            kind=evidence.route,
            assurance=evidence.assurance,
            times=(evidence.verified_at, evidence.expires_at, now),
        )
