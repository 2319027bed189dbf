"""Notifications for partners that do not poll (OpenID CIBA Core 1.0 §10.2): kept in a table until delivered.

Each back-channel request in `ping` mode keeps a row from its beginning. Whoever began it waits for the wake-up of its
action and sends at once; a job in every process looks after rows whose time has come, so that a stop at any moment
loses none. A notification only says that there is something to fetch.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec
import structlog

from ipse.actions.model import OPEN, Action, ActionState
from ipse.actions.service.requests import Actions, wake_key
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.oidc.rules.backchannel import BackchannelRequest
from ipse.oidc.store import backchannel as store
from ipse.partners.service import RequestLog
from ipse.storage.database import Database
from ipse.web.outgoing import Outgoing, OutgoingError, OutgoingRedirected, OutgoingRefused

LOOK_SECONDS = 30
"""So long after its beginning, or after a look, a row is looked at by whoever comes first."""
PAUSES = (2, 4, 8, 15, 30)
"""Seconds before another try, then always the last."""
_RESULT_SECONDS = 180
"""How long a result can be fetched after the request's own time."""
_SEND_SECONDS = 5.0
_MOST_BYTES = 16_384
_KIND = "backchannel_notification"

log = structlog.get_logger("ipse.oidc")


class _Secret(msgspec.Struct, frozen=True):
    """What only the partner may read: kept sealed."""

    token: str
    auth_req_id: str


@dataclass
class Pings:
    """Sends notifications, each until it was delivered once or its result is gone."""

    actions: Actions
    outgoing: Outgoing
    request_log: RequestLog
    database: Database
    keystore: Keystore
    clock: Clock
    _watching: set[asyncio.Task[None]] = field(default_factory=set)

    def promised(self, judged: BackchannelRequest, action: Action, auth_req_id: str) -> tuple[object, ...] | None:
        """The row of a notification to come, None where the partner polls."""
        if judged.notification_token is None or judged.service is None:
            return None
        secret = msgspec.json.encode(_Secret(judged.notification_token, auth_req_id))
        sealed = seal(self._key, secret, table="oidc_pings", row=action.action_id, column="sealed")
        due = action.created_at + LOOK_SECONDS * SECOND
        until = action.expires_at + _RESULT_SECONDS * SECOND
        service = judged.service
        endpoint = service.notification_endpoint
        return (action.action_id, service.partner_id, service.code, endpoint, sealed, due, until)

    def watch(self, action_id: str) -> None:
        """Send as soon as this action is decided, while this process lives."""
        task = asyncio.get_running_loop().create_task(self._watch(action_id))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def send_due(self) -> int:
        """Look after the notifications whose time has come; how many were sent. A job of every process."""
        rows = await self.database.rows(store.DUE_PINGS, self.clock.now())
        pings = [store.read_ping(row) for row in rows]
        facts = await self.actions.facts([ping.action_id for ping in pings]) if pings else {}
        # Side by side: one slow partner holds up neither the others nor the jobs that come after this one.
        sent = await asyncio.gather(*(self._look_after(ping, *facts.get(ping.action_id, ("", 0))) for ping in pings))
        return sum(sent)

    async def close(self) -> None:
        """Stop watching; the rows stay for the next process."""
        for task in list(self._watching):
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    @property
    def _key(self) -> bytes:
        return self.keystore.working_key("request")

    async def _watch(self, action_id: str) -> None:
        wakeups = self.database.wakeups
        async with wakeups.listening(wake_key(action_id)) as bell:
            pause: float = 0
            while not wakeups.closing:
                await bell.wait(pause)
                try:
                    pause = await self._look(action_id)
                except Exception as error:  # noqa: BLE001 - a watcher must not die of a bad moment; the job looks, too
                    log.warning("ping.failed", error=type(error).__name__)
                    pause = LOOK_SECONDS
                if pause == 0:
                    return

    async def _look(self, action_id: str) -> float:
        """Look after one notification, whenever it is due; seconds until the next look, 0 when there is none."""
        row = await self.database.row(store.PING, action_id)
        if row is None:
            return 0
        ping = store.read_ping(row)
        if ping.tries and ping.due_at > self.clock.now():
            return (ping.due_at - self.clock.now()) / SECOND
        facts = await self.actions.facts([action_id])
        sent = await self._look_after(ping, *facts.get(action_id, ("", 0)))
        return PAUSES[min(ping.tries, len(PAUSES) - 1)] if sent else LOOK_SECONDS

    async def _look_after(self, ping: store.Ping, state: str, until: int) -> int:
        """Send if there is something to tell; says whether anything was sent."""
        now = self.clock.now()
        if state in OPEN and until > now:
            await self._take(ping, now + LOOK_SECONDS * SECOND, tries=0)
            return 0
        if state not in _TELLING or ping.expires_at <= now:
            # Expired, or fetched already by a poll: there is nothing left to fetch.
            await self._end(ping, "over")
            return 0
        pause = PAUSES[min(ping.tries, len(PAUSES) - 1)]
        if not await self._take(ping, now + pause * SECOND, tries=1):
            return 0
        await self._send(ping)
        return 1

    async def _take(self, ping: store.Ping, due_at: int, *, tries: int) -> bool:
        return await self.database.row(store.TAKE_PING, ping.action_id, ping.due_at, due_at, tries) is not None

    async def _end(self, ping: store.Ping, state: str) -> None:
        await self.database.rows(store.END_PING, ping.action_id, state)

    async def _send(self, ping: store.Ping) -> None:
        opened = unseal(self._key, ping.sealed, table="oidc_pings", row=ping.action_id, column="sealed")
        secret = msgspec.json.decode(opened, type=_Secret)
        try:
            answer = await self.outgoing.fetch(
                ping.endpoint,
                method="POST",
                headers={"Authorization": f"Bearer {secret.token}", "Content-Type": "application/json"},
                body=msgspec.json.encode({"auth_req_id": secret.auth_req_id}),
                most_bytes=_MOST_BYTES,
                seconds=_SEND_SECONDS,
            )
        except OutgoingError as error:
            self._note(ping, error.reason)
            if isinstance(error, OutgoingRefused | OutgoingRedirected):
                await self._end(ping, "refused")
            return
        if 200 <= answer.status < 300:
            await self._end(ping, "sent")
            return
        self._note(ping, f"answered {answer.status}")
        if answer.status < 500 and answer.status not in _TRY_AGAIN:
            await self._end(ping, "refused")

    def _note(self, ping: store.Ping, reason: str) -> None:
        text = f"notification endpoint: {reason}"
        self.request_log.refused(ping.partner_id, ping.service_code, _KIND, "send_notification", "not_delivered", text)


_TELLING = frozenset({ActionState.APPROVED, ActionState.REJECTED, ActionState.CANCELLED, ActionState.REVOKED})
_TRY_AGAIN = frozenset({408, 425, 429})
