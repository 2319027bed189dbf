"""People's signing credentials: rows, certificates, and their ends.

What follows from a change outside this database (a certificate on hold or revoked, a key destroyed) is news, written in
the same transaction: it is done until it has succeeded, whatever is down and whoever dies in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids, b64u
from ipse.kernel.sealing import seal, unseal
from ipse.people.errors import UnknownAccountError
from ipse.people.model import AccountState
from ipse.people.service import People
from ipse.signing import events, store
from ipse.signing.errors import UnknownCredential
from ipse.signing.model import Credential, CredentialState, EndReason, Result
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.publishing import publishing
from ipse.storage.statement import Row, Transaction, one, run

TABLE: Final = "signing_credentials"
HOLD_SECONDS: Final = 30 * 86_400
"""How long a certificate stays on hold before it is revoked."""
MAKING_SECONDS: Final = 2 * 86_400
"""How long we try to have a new key certified."""
PERSON: Final = "person"


@dataclass(frozen=True)
class Credentials:
    """Use cases of credentials."""

    database: Database
    people: People
    clock: Clock
    ids: Ids

    async def find(self, credential_id: str) -> Credential:
        """A credential, whatever its state.

        Raises:
            UnknownCredential: there is none.
        """
        row = await self.database.row(store.CREDENTIAL, credential_id)
        if row is None:
            raise UnknownCredential
        return await self.read(row)

    async def living(self, account_id: str) -> Credential | None:
        """The credential that a person has now, active or suspended."""
        row = await self.database.row(store.LIVING, account_id, self.clock.now())
        return None if row is None else await self.read(row)

    async def of(self, account_id: str) -> list[Credential]:
        """All of a person, newest first."""
        return [await self.read(row) for row in await self.database.rows(store.OF_ACCOUNT, account_id)]

    async def read(self, row: Row) -> Credential:
        """A row as a value, its certificates opened."""
        certificates: tuple[bytes, ...] = ()
        if row["sealed_certificates"] is not None:
            try:
                key = await self.people.person_key(row["account_id"])
            except UnknownAccountError as error:
                raise UnknownCredential from error
            octets = unseal(
                key, row["sealed_certificates"], table=TABLE, row=row["credential_id"], column="sealed_certificates"
            )
            certificates = msgspec.msgpack.decode(octets, type=tuple[bytes, ...])
        return Credential(
            credential_id=row["credential_id"],
            account_id=row["account_id"],
            phone_id=row["phone_id"],
            state=CredentialState(row["state"]),
            why=row["why"],
            algorithm=row["algorithm"],
            attested=row["attested_at"] is not None,
            certificates=certificates,
            created_at=row["created_at"],
            valid_until=row["valid_until"],
            serial=row["serial"] or "",
            profile=row["profile"],
        )

    async def request_of(self, credential_id: str) -> tuple[Credential, bytes] | None:
        """A credential with the certification request that its key has signed, while it is being made."""
        row = await self.database.row(store.CREDENTIAL, credential_id)
        if row is None:
            return None
        credential = await self.read(row)
        if row["sealed_request"] is None:
            return credential, b""
        key = await self.people.person_key(credential.account_id)
        sealed = row["sealed_request"]
        return credential, unseal(key, sealed, table=TABLE, row=credential_id, column="sealed_request")

    async def make(self, credential: Credential, request: bytes) -> None:
        """Keep a credential whose key is there and waits for its certificate. Again is no harm."""
        key = await self.people.person_key(credential.account_id)
        sealed = seal(key, request, table=TABLE, row=credential.credential_id, column="sealed_request")
        now = self.clock.now()

        def transaction() -> Transaction[None]:
            row = yield from one(
                store.MAKE, credential.credential_id, credential.account_id, credential.phone_id,
                credential.algorithm, now if credential.attested else None, sealed, credential.profile, now,
            )  # fmt: skip
            if row is not None:
                details = {"algorithm": credential.algorithm, "phone": credential.phone_id}
                yield from auditing(
                    now, actor=PERSON, act="signing.make", subject=credential.credential_id, details=details
                )

        await self.database.transact(transaction)

    async def certify(
        self, credential: Credential, certificates: Sequence[bytes], *, serial: str, valid_until: int
    ) -> None:
        """Keep the certificate; from now on the credential signs. Again is no harm."""
        key, credential_id = await self.people.person_key(credential.account_id), credential.credential_id
        octets = msgspec.msgpack.encode(tuple(certificates))
        sealed = seal(key, octets, table=TABLE, row=credential_id, column="sealed_certificates")
        now = self.clock.now()

        def transaction() -> Transaction[None]:
            row = yield from one(store.CERTIFY, credential_id, sealed, serial, valid_until, now)
            if row is not None:
                details = {"serial": serial}
                yield from auditing(now, actor=PERSON, act="signing.certify", subject=credential_id, details=details)

        await self.database.transact(transaction)

    async def end(self, credential_id: str, reason: EndReason, *, actor: str, because: str = "") -> bool:
        """End a credential for ever; says whether it had not ended before."""
        now = self.clock.now()
        return await self.database.transact(
            lambda: self.ending(credential_id, reason, actor=actor, now=now, because=because)
        )

    def ending(
        self, credential_id: str, reason: EndReason, *, actor: str, now: int, because: str = ""
    ) -> Transaction[bool]:
        """Inside a transaction: end a credential, with the news and the audit line of it."""
        row = yield from one(store.END, credential_id, reason, now)
        if row is None:
            return False
        # A certificate for one signature is never revoked: it says so itself.
        serial = row["serial"] if row["serial"] and row["profile"] == "person" else ""
        payload = {"credential": credential_id, "serial": serial, "reason": reason}
        yield from publishing(self.ids.identifier(), events.ENDED, payload, now=now)
        details = {"reason": reason} | ({"because": because} if because else {})
        yield from auditing(now, actor=actor, act="signing.end", subject=credential_id, details=details)
        return True

    async def suspend(self, account_id: str) -> None:
        """An identity was blocked: what it signs with goes on hold, unless it was activated anew meanwhile."""
        if (await self.people.account(account_id)).state is not AccountState.BLOCKED:
            return
        now = self.clock.now()

        def transaction() -> Transaction[None]:
            for row in (yield from run(store.SUSPEND, account_id, now)):
                credential_id = row["credential_id"]
                serial = row["serial"] if row["profile"] == "person" else ""
                payload = {"credential": credential_id, "serial": serial}
                yield from publishing(self.ids.identifier(), events.SUSPENDED, payload, now=now)
                yield from auditing(now, actor="system", act="signing.suspend", subject=credential_id)

        await self.database.transact(transaction)

    async def end_all(
        self, account_id: str, reason: EndReason, *, but_phone: str = "", before: int | None = None
    ) -> None:
        """End what a person has, but that of one phone and what is newer. What was on hold ends for the block."""
        now = self.clock.now()

        def transaction() -> Transaction[None]:
            for row in (yield from run(store.UNENDED, account_id)):
                if row["phone_id"] == but_phone or (before is not None and row["created_at"] > before):
                    continue
                why = EndReason.BLOCKED if row["state"] == CredentialState.SUSPENDED else reason
                yield from self.ending(row["credential_id"], why, actor="system", now=now)

        await self.database.transact(transaction)

    async def copy(self, account_id: str) -> dict[str, Any]:
        """A person's credentials with their certificates, and what they had signed, to take along."""
        told = copied(await self.database.rows(store.COPY, account_id))
        for each in told:
            credential = await self.find(each["credential_id"])
            each["certificates"] = [b64u(certificate) for certificate in credential.certificates]
            _, request = await self.request_of(each["credential_id"]) or (None, b"")
            each["request"] = b64u(request)
        rows = await self.database.rows(store.COPY_REQUESTS, account_id)
        requests, key = copied(rows, but=("sealed_result",)), await self.people.person_key(account_id)
        for row, each in zip(rows, requests, strict=True):
            if row["sealed_result"] is not None:
                each["result"] = _result(key, row)
        return {"credentials": told, "requests": requests}

    async def forget_account(self, account_id: str) -> None:
        """A person has deleted their identity: what they had ends, and no row names them any more."""
        now = self.clock.now()

        def transaction() -> Transaction[None]:
            for row in (yield from run(store.UNENDED, account_id)):
                yield from self.ending(row["credential_id"], EndReason.DELETED, actor="system", now=now)
            yield from run(store.FORGET_CREDENTIALS, account_id)
            yield from run(store.FORGET_REQUESTS_OF, account_id)

        await self.database.transact(transaction)

    async def end_due(self) -> int:
        """End those whose certificate has run out, was on hold for too long, or never came. Returns how many."""
        now = self.clock.now()
        rows = await self.database.rows(store.DUE, now, now - HOLD_SECONDS * SECOND, now - MAKING_SECONDS * SECOND)
        for row in rows:
            reason = {
                CredentialState.MAKING: EndReason.FAILED,
                CredentialState.SUSPENDED: EndReason.BLOCKED,
            }.get(row["state"], EndReason.EXPIRED)
            await self.end(row["credential_id"], reason, actor="system")
        return len(rows)


def _result(key: bytes, row: Row) -> Any:  # noqa: ANN401 - JSON
    """What came of a request to sign, opened."""
    sealed, action_id = bytes(row["sealed_result"]), row["action_id"]
    octets = unseal(key, sealed, table="signing_requests", row=action_id, column="sealed_result")
    return msgspec.to_builtins(msgspec.msgpack.decode(octets, type=Result))
