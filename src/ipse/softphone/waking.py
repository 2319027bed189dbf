"""Waking the phone in Python: a push service gives it an address, and it waits there for messages (Web Push)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.kernel.ids import b64u, b64u_decode
from ipse.softphone import world
from ipse.softphone.channel import Channel
from ipse.softphone.errors import NotWoken
from ipse.softphone.messages import Writer
from ipse.softphone.state import Pending, State, Waking
from ipse.standards import web_push

_AUTH_OCTETS = 16
_TURN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Waker:
    """What a phone says to be woken, and how it hears."""

    channel: Channel
    writer: Writer

    def subscribe(self, push: str | None = None) -> Waking:
        """Have a push service give out an address, and tell the scheme; `push` is the service, else the sandbox's.

        Raises:
            NotWoken: the scheme pushes nothing, or the service gives nothing out.
            Refused: the scheme does not send to that service.
        """
        state = self.channel.store.load()
        sender = self.writer.configuration(state.base).push_key
        if sender is None:
            raise NotWoken("this scheme wakes no phones")
        service = push or world.read(self.channel.http, world.address(state.base)).push
        key = ec.generate_private_key(ec.SECP256R1())
        given = self._asked("POST", service, {"key": sender})
        waking = Waking(
            endpoint=given["endpoint"],
            listen=given["listen"],
            key=b64u(key.private_numbers().private_value.to_bytes(32)),
            auth=b64u(self.writer.ids.octets(_AUTH_OCTETS)),
        )
        keys = {"p256dh": web_push.public_key(key), "auth": waking.auth}

        def compose(state: State) -> Pending:
            state.waking = waking
            wished = {"endpoint": waking.endpoint, "keys": keys}
            return self.writer.signed(state, "push", "push", subscription=wished)

        self.channel.exchange("push", compose)
        return waking

    def unsubscribe(self) -> None:
        """Be woken no more."""
        waking = self.channel.store.load().waking
        self.channel.exchange("unpush", lambda state: self.writer.signed(state, "unpush", "unpush"))
        if waking is not None:
            self._asked("DELETE", waking.listen, None)

    def messages(self, *, seconds: float) -> Iterator[dict[str, Any]]:
        """Each message that comes within so many seconds, decrypted; subscribed before.

        Raises:
            NotWoken: the service does not answer, or has ended the subscription.
        """
        waking = self.channel.store.load().waking
        if waking is None:
            raise NotWoken("this phone is not subscribed")
        until = time.monotonic() + seconds
        key = ec.derive_private_key(int.from_bytes(b64u_decode(waking.key)), ec.SECP256R1())
        while (left := until - time.monotonic()) > 0:
            came = self._asked("GET", f"{waking.listen}?wait={min(left, _TURN_SECONDS):.1f}", None)
            for one in came["messages"]:
                try:
                    plain = web_push.decrypt(b64u_decode(one["body"]), key, b64u_decode(waking.auth))
                    yield msgspec.json.decode(plain, type=dict[str, Any])
                except (ValueError, InvalidTag, msgspec.DecodeError) as error:
                    raise NotWoken("a message came that is not for this phone") from error

    def _asked(self, method: str, url: str, body: dict[str, str] | None) -> dict[str, Any]:
        try:
            answer = self.channel.http.request(method, url, json=body, timeout=_TURN_SECONDS + 10)
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=dict[str, Any])
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
            raise NotWoken(f"the push service does not help: {error}") from error
