"""Programs that are told of each change: security event tokens (RFC 8417), pushed (RFC 8935), until they are taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.status import store
from ipse.status.model import Change
from ipse.status.service.documents import Signer
from ipse.status.settings import Receiver, StatusSettings
from ipse.storage.database import Database
from ipse.web.outgoing import Outgoing, OutgoingError

CHANGED: Final = "/events/component-changed"
"""After the status page's address: the name of the event."""
TRIED: Final = "/events/tried"
"""The event that an operator sends to see whether it arrives."""
_TYPE: Final = "application/secevent+jwt"
_PAUSES: Final = (5, 15, 60, 300, 900, 3600)
"""Seconds before another try; the last one again and again."""
_KEPT_SECONDS: Final = 86_400

log = structlog.get_logger("ipse.status")


@dataclass
class Receivers:
    """Writes down what each receiver is to be told, and tells it."""

    settings: StatusSettings
    database: Database
    signer: Signer
    outgoing: Outgoing
    clock: Clock
    ids: Ids

    async def tell(self, changes: Iterable[Change]) -> None:
        """Have the receivers told that want to hear of these. Durable when this returns."""
        now = self.clock.now() // SECOND
        for change in changes:
            for receiver in self.settings.receivers:
                if not receiver.components or change.component in receiver.components:
                    event = {"component": change.component, "severity": change.severity, "since": change.since}
                    body = self._token(receiver, CHANGED, event)
                    await self.database.rows(store.TELL, self.ids.identifier(), receiver.url, body, now)

    async def send_due(self) -> None:
        """Try each delivery whose time has come."""
        now = self.clock.now() // SECOND
        known = {receiver.url for receiver in self.settings.receivers}
        for row in await self.database.rows(store.DUE, now):
            given_up = row["receiver"] not in known or now - row["created_at"] > _KEPT_SECONDS
            if given_up or await self._pushed(row["receiver"], row["body"]) is None:
                await self.database.rows(store.TOLD, row["delivery_id"])
            else:
                pause = _PAUSES[min(row["tries"], len(_PAUSES) - 1)]
                await self.database.rows(store.LATER, row["delivery_id"], now + pause)

    async def try_one(self, receiver: Receiver) -> str | None:
        """Send an event that means nothing; why it was not taken, or None."""
        return await self._pushed(receiver.url, self._token(receiver, TRIED, {}))

    async def _pushed(self, url: str, body: str) -> str | None:
        """Push one token; why it was not taken, or None."""
        try:
            answer = await self.outgoing.fetch(
                url,
                method="POST",
                headers={"Content-Type": _TYPE, "Accept": "application/json"},
                body=body.encode(),
            )
        except OutgoingError as error:
            told = error.reason
        else:
            if 200 <= answer.status < 300:
                return None
            told = f"answered {answer.status}"
        log.info("receiver.failed", receiver=url.partition("?")[0], told=told)
        return told

    def _token(self, receiver: Receiver, event: str, members: dict[str, Any]) -> str:
        claims = {
            "iss": self.settings.address,
            "aud": receiver.url,
            "iat": self.clock.now() // SECOND,
            "jti": self.ids.identifier(),
            "events": {self.settings.address + event: members},
        }
        return self.signer.sign(claims, "secevent+jwt")
