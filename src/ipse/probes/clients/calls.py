"""One HTTP call: within its time, of a size that can be kept, without redirects."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from ipse.probes.model import Effect, FailedError

MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass
class Caller:
    """Calls until its time is over. With `cookies` it is one browser, from the first call to the last."""

    seconds: float
    tls: ssl.SSLContext | None = None
    socket: str | None = None
    """Path of a socket to call instead of the network."""

    def __post_init__(self) -> None:
        """Begin to count."""
        self._until = time.monotonic() + self.seconds
        verify: ssl.SSLContext | bool = self.tls or True
        transport = httpx.HTTPTransport(uds=self.socket, verify=verify)
        # As a stranger would: directly, whatever proxies this machine uses.
        self._http = httpx.Client(transport=transport, timeout=self.seconds, trust_env=False)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def call(
        self,
        step: str,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        effect: Effect = "full",
    ) -> Answer:
        """Call once.

        Raises:
            FailedError: no answer in time, or too much of it.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise FailedError(step, "no answer in time", effect)
        try:
            with self._http.stream(
                method, url, data=dict(form) if form else None, content=content, headers=headers, timeout=left
            ) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise FailedError(step, f"answered more than {MOST_BYTES} bytes", effect)
                    if time.monotonic() > self._until:
                        raise FailedError(step, "no whole answer in time", effect)
        except httpx.TimeoutException as error:
            raise FailedError(step, "no answer in time", effect) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FailedError(step, f"no answer ({type(error).__name__})", effect) from error
        return Answer(
            response.status_code, {name.lower(): value for name, value in response.headers.items()}, bytes(body)
        )

    def document(self, step: str, url: str, *, effect: Effect = "full") -> dict[str, Any]:
        """Get a JSON object.

        Raises:
            FailedError: no answer in time, or another.
        """
        return document(step, expect(step, self.call(step, "GET", url, effect=effect), 200, effect), effect)


def expect(step: str, answer: Answer, status: int, effect: Effect = "full") -> Answer:
    """The answer, if it has this status.

    Raises:
        FailedError: it has another.
    """
    if answer.status != status:
        raise FailedError(step, f"answered {answer.status}", effect)
    return answer


def document(step: str, answer: Answer, effect: Effect = "full") -> dict[str, Any]:
    """The JSON object that an answer holds.

    Raises:
        FailedError: it holds none.
    """
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise FailedError(step, "did not answer a JSON object", effect) from error
