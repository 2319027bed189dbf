"""Messages `fingerprints`, `add-fingerprint`, `remove-fingerprint`: approving without the code on this phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipse.actions.service import Messages
from ipse.fingerprints.errors import BadCredential
from ipse.fingerprints.service import Fingerprints
from ipse.kernel.clock import Clock
from ipse.kernel.ids import b64u_decode
from ipse.mobile import rules
from ipse.notices.model import NoticeKind
from ipse.phones.model import Answer, Received
from ipse.phones.service import Phones
from ipse.storage.statement import Statement, Transaction


@dataclass(frozen=True)
class FingerprintMessages:
    """Use cases; methods take the body of a request and give the answer."""

    phones: Phones
    messages: Messages
    fingerprints: Fingerprints
    clock: Clock

    async def listed(self, body: str) -> Answer:
        """What this phone has, with a challenge for a new one."""

        async def handler(received: Received) -> Answer:
            answer = {
                "fingerprints": await self.fingerprints.listed(received.phone.phone_id),
                "relying_party": self.fingerprints.relying_party,
                "challenge": received.challenge,
            }
            return await self.messages.accept(received, answer, challenge=received.challenge)

        return await self.messages.exchange(self.phones.read(body), "fingerprints", handler)

    async def add(self, body: str) -> Answer:
        """Add a credential that was made for the challenge of this message; costs the code."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            members = received.message.members
            label = rules.text(members, "label") if "label" in members else ""
            challenge = b64u_decode(self.messages.check_challenge(received))
            adding = self.fingerprints.adding(
                received.phone.phone_id,
                received.account_id,
                members.get("credential"),
                challenge=challenge,
                label=label,
            )
            # Under duress, too: it is listed, told and judged as always, and what it approves is withheld. It ends with
            # this phone.
            await self.messages.prove(received, opened.proof)
            refused = BadCredential(public="this phone has as many as it can have, or this one already")
            return await self._change(received, adding, refused, NoticeKind.FINGERPRINT_ADDED)

        return await self.messages.exchange_sealed(opened, "add-fingerprint", handler)

    async def remove(self, body: str) -> Answer:
        """Take one away; costs nothing, because it makes nothing easier."""

        async def handler(received: Received) -> Answer:
            credential = rules.text(received.message.members, "credential")
            removing = self.fingerprints.removing(received.phone.phone_id, credential)
            answer = Answer(200, {"chain": received.chain})
            now = self.clock.now()

            def transaction() -> Transaction[None]:
                yield from self.phones.accepting(received, answer, now=now)
                if (yield removing):
                    told = NoticeKind.FINGERPRINT_REMOVED
                    yield from self.messages.notices.telling(received.account_id, told, now=now)

            await self.fingerprints.database.transact(transaction)
            return answer

        return await self.messages.exchange(self.phones.read(body), "remove-fingerprint", handler)

    async def _change(
        self, received: Received, statement: Statement, refused: BadCredential, kind: NoticeKind
    ) -> Answer:
        body: dict[str, Any] = {}

        def change() -> Transaction[None]:
            if not (yield statement):
                raise refused
            yield from self.messages.notices.telling(received.account_id, kind, now=self.clock.now())

        return await self.messages.conclude_changing(received, body, change)
