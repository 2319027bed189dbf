"""Keeping subscriptions, and waking phones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from ipse.kernel.clock import Clock, seconds
from ipse.kernel.ids import Ids, b64u
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.kernel.settings import PushSettings
from ipse.push import store
from ipse.push.errors import BadSubscription
from ipse.push.model import PAYLOAD, TOPIC, VAPID, Kept, Woken
from ipse.standards import web_push
from ipse.standards.web_push import Subscription, SubscriptionError
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.statement import Row, Statement
from ipse.web.outgoing import Outgoing, OutgoingError

log = structlog.get_logger("ipse.push")
IsActive = Callable[[str], Awaitable[bool]]
"""Whether a phone carries an identity now."""
_TABLE: Final = "push_subscriptions"
_MOST_BYTES: Final = 4096
_MOST_AT_ONCE: Final = 200
"""Pushes under way in this process; what comes on top is dropped, because by then it would be late."""
_SECONDS: Final = 5.0
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass
class Push:
    """Use cases of push messages."""

    database: Database
    keystore: Keystore
    clock: Clock
    ids: Ids
    outgoing: Outgoing
    settings: PushSettings
    is_active: IsActive
    _under_way: set[asyncio.Task[None]] = field(default_factory=set, repr=False)
    _key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)

    async def public_key(self) -> str | None:
        """What an app subscribes with; None where the operator allows no push service."""
        return web_push.public_key(await self._sender()) if self.settings.services else None

    def keeping(self, phone_id: str, account_id: str, wished: object) -> Statement:
        """The statement that keeps a phone's subscription: `{"endpoint", "keys": {"p256dh", "auth"}}`.

        Raises:
            BadSubscription: not one, or at a service that is not allowed here.
        """
        subscription = self._judged(wished)
        kept = Kept(subscription.endpoint, b64u(subscription.p256dh), b64u(subscription.auth))
        sealed = seal(self._working_key, msgspec.json.encode(kept), table=_TABLE, row=phone_id, column="sealed")
        return Statement(store.KEEP, (phone_id, account_id, sealed, self.clock.now()))

    def forgetting(self, phone_id: str) -> Statement:
        """The statement that forgets a phone's subscription; it may return no row."""
        return Statement(store.FORGET, (phone_id,))

    def wake_soon(self, account_id: str, *, until: int, stopped: bool = False) -> bool:
        """As `wake`, beside everything else: no push service makes others wait. False where too many are under way."""
        if not self.settings.services or len(self._under_way) >= _MOST_AT_ONCE:
            return False
        task = asyncio.create_task(self._wake_quietly(account_id, until=until, stopped=stopped))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return True

    async def close(self) -> None:
        """Drop what is under way, and close connections."""
        for task in tuple(self._under_way):
            task.cancel()
        await self.outgoing.close()

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """Where a person's apps are woken, to take along."""
        rows = await self.database.rows(store.COPY, account_id)
        told = copied(rows, but=("sealed",))
        return [{**each, "endpoint": self._opened(row).endpoint} for row, each in zip(rows, told, strict=True)]

    async def forget_account(self, account_id: str) -> None:
        """Wherever a person could be woken: they are gone."""
        await self.database.rows(store.FORGET_ACCOUNT, account_id)

    async def _wake_quietly(self, account_id: str, *, until: int, stopped: bool) -> None:
        try:
            await self.wake(account_id, until=until, stopped=stopped)
        except Exception as error:  # noqa: BLE001 - a courtesy that fails is only noted
            log.warning("push.failed", reason=type(error).__name__)

    async def wake(self, account_id: str, *, until: int, stopped: bool = False) -> Woken:
        """Tell a person's phones that something waits until then (microseconds). Never raises for a lost push.

        `stopped`: phones that carry the identity no more hear of it, too; what waits there is the reason.
        """
        rows = await self.database.rows(store.OF_ACCOUNT, account_id)
        woken = Woken.NOBODY
        for row in rows:
            if not stopped and not await self.is_active(row["phone_id"]):
                await self.database.rows(store.FORGET, row["phone_id"])
                continue
            woken = await self._send(row, until)
            log.info("push", outcome=woken)
        return woken

    async def _send(self, row: Row, until: int) -> Woken:
        left = seconds(until - self.clock.now())
        if left <= 0:
            return Woken.LATE
        subscription = self._opened(row)
        if subscription.origin not in self.settings.services:
            return Woken.FAILED
        body = web_push.encrypt(
            PAYLOAD,
            subscription,
            key=ec.generate_private_key(ec.SECP256R1()),
            salt=self.ids.octets(web_push.SALT_BYTES),
        )
        headers = {
            "authorization": web_push.authorization(
                await self._sender(),
                audience=subscription.origin,
                contact=self.settings.contact,
                now=seconds(self.clock.now()),
            ),
            "content-encoding": web_push.CONTENT_ENCODING,
            "content-type": "application/octet-stream",
            "ttl": str(left),
            "topic": TOPIC,
            "urgency": "high",
        }
        try:
            answer = await self.outgoing.fetch(
                subscription.endpoint,
                method="POST",
                headers=headers,
                body=body,
                most_bytes=_MOST_BYTES,
                seconds=_SECONDS,
            )
        except OutgoingError as error:
            log.warning("push.failed", reason=error.reason)
            return Woken.FAILED
        if answer.status in _GONE:
            await self.database.rows(store.FORGET, row["phone_id"])
            return Woken.GONE
        return Woken.SENT if answer.status < HTTPStatus.BAD_REQUEST else Woken.FAILED

    def _judged(self, wished: object) -> Subscription:
        given = wished if isinstance(wished, dict) else {}
        keys = given.get("keys")
        keys = keys if isinstance(keys, dict) else {}
        try:
            subscription = web_push.read_subscription(given.get("endpoint"), keys.get("p256dh"), keys.get("auth"))
        except SubscriptionError as error:
            raise BadSubscription(public=str(error)) from error
        if subscription.origin not in self.settings.services:
            raise BadSubscription(public="the push service is none that this installation sends to")
        return subscription

    def _opened(self, row: Row) -> Subscription:
        octets = unseal(self._working_key, bytes(row["sealed"]), table=_TABLE, row=row["phone_id"], column="sealed")
        kept = msgspec.json.decode(octets, type=Kept)
        return web_push.read_subscription(kept.endpoint, kept.p256dh, kept.auth)

    async def _sender(self) -> ec.EllipticCurvePrivateKey:
        """The key that names us, made once for the installation."""
        if self._key is None:
            row = await self.database.row(store.KEY, VAPID)
            if row is None:
                fresh = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                    Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
                )
                sealed = seal(self._working_key, fresh, table="push_keys", row=VAPID, column="sealed")
                await self.database.rows(store.MAKE_KEY, VAPID, sealed, self.clock.now())
                row = await self.database.row(store.KEY, VAPID)
            if row is None:  # pragma: no cover - written above
                raise LookupError(VAPID)
            octets = unseal(self._working_key, bytes(row["sealed"]), table="push_keys", row=VAPID, column="sealed")
            self._key = _private_key(octets)
        return self._key

    @property
    def _working_key(self) -> bytes:
        return self.keystore.working_key("push")


def _private_key(octets: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(octets, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(VAPID)
    return key
