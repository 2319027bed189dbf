"""Calls to addresses that partners give us, guarded (T-23): nobody makes this machine call its own network.

The host name is resolved once, every address it has is judged, and the connection goes to an address that was judged,
so a name that changes its mind between look and call (DNS rebinding) gains nothing. The certificate is checked for the
host name all the same. Redirects are not followed, no cookie or proxy is used, nothing compressed is accepted, and a
call ends after its seconds and its bytes.

Partners and strangers share what calls need: connections, and threads that look names up. One address that keeps silent
takes a small part of them, and nothing that signs or opens tokens.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import httpcore

from ipse.kernel.settings import Environment
from ipse.telemetry.calls import calling

MOST_BYTES: Final = 65_536
SECONDS: Final = 5.0

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the addresses of a host name and port, as texts."""

_URL: Final = re.compile(r"https?://[!-~]{1,2040}")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\.?|[0-9a-f:.]+")
_MOST_CONNECTIONS: Final = 50
_MOST_OF_HOST: Final = 8
"""Calls to one host at a time."""
_MOST_LOOKUPS: Final = 8
"""Names that are looked up at a time."""
_FORBIDDEN: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        # What Python's is_global does not refuse in every version, and IPv6 that stands for an IPv4 address elsewhere.
        *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"),
        *("3fff::/20", "fec0::/10"),
    )
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutgoingError(Exception):
    """A call that was not made or gave nothing. `reason` is for logs and the partner's developer: no secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutgoingRefused(OutgoingError):
    """The address is not one we call."""


class OutgoingFailed(OutgoingError):
    """No usable answer: not in time, too large, another type, a redirect, a broken connection or certificate."""


class OutgoingRedirected(OutgoingFailed):
    """A redirect, which is not followed."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; of a repeated one the last."""
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Lookups:
    """Asks the machine's resolver, for each name once at a time, in threads of its own.

    A name server that keeps silent holds its thread for as long as the machine is patient. Were it one of the event
    loop's own threads, a few such names would stop every signature.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_MOST_LOOKUPS, "ipse-lookup")
        self._asking: dict[tuple[str, int], asyncio.Future[Any]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name.

        Raises:
            OSError: it has none.
        """
        place = host, port
        asking = self._asking.get(place)
        if asking is None:
            look = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            asking = self._asking[place] = asyncio.get_running_loop().run_in_executor(self._threads, look)
            asking.add_done_callback(partial(self._done, place))
        found = await asyncio.shield(asking)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Let go of the threads; lookups under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, place: tuple[str, int], asked: asyncio.Future[Any]) -> None:
        self._asking.pop(place, None)
        if not asked.cancelled():
            asked.exception()  # read here, too: everybody who waited for it may be gone


class Turns:
    """So many of one name at a time. Others wait for their turn, and hold up no other name."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._turns: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """One turn of this name."""
        places, waiting = self._turns.setdefault(name, (asyncio.Semaphore(self._most), []))
        waiting.append(None)
        try:
            async with places:
                yield
        finally:
            waiting.pop()
            if not waiting:
                del self._turns[name]


def is_public(address: Address) -> bool:
    """Whether an address is one of the public Internet, and so may be called in production."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    judged = mapped or address
    if any(judged in network for network in _FORBIDDEN if network.version == judged.version):
        return False
    return judged.is_global and not (
        judged.is_multicast
        or judged.is_private
        or judged.is_reserved
        or judged.is_loopback
        or judged.is_link_local
        or judged.is_unspecified
    )


def is_loopback(address: Address) -> bool:
    """Whether an address is this machine's own."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


class Outgoing:
    """Calls out under guard. One for the installation, closed at its end.

    Production calls https at public addresses only. Sandbox and lab call loopback too, also by http. `plain` allows
    http everywhere, for answers that are signed themselves. `resolve`, `backend` and `context` are the world outside:
    tests bring their own. `peer` says what those we call are to us, for measurements.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        resolve: Resolve | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        context: ssl.SSLContext | None = None,
        plain: bool = False,
        peer: str = "partner",
    ) -> None:
        self._local = environment is not Environment.PRODUCTION
        self._plain = plain
        self._peer = peer
        self._lookups = Lookups()
        self._turns = Turns(_MOST_OF_HOST)
        guarded = _GuardedBackend(backend or httpcore.AnyIOBackend(), resolve or self._lookups, local=self._local)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context or _default_context(),
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=0,
            network_backend=guarded,
        )

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        most_bytes: int = MOST_BYTES,
        seconds: float = SECONDS,
        accept_types: Collection[str] = (),
    ) -> Fetched:
        """Call `url` once and return what it answers, whatever its status except redirects.

        `accept_types` are the media types that an answer of status 200 may have; empty means any.

        Raises:
            OutgoingRefused: the address is not one we call.
            OutgoingFailed: no usable answer within `seconds` and `most_bytes`.
        """
        parts = self._judged(url)
        sent = {
            "Host": parts.netloc,
            "Accept": ", ".join(accept_types) or "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": "ipse",
            **(headers or {}),
        }
        if body or method != "GET":
            sent["Content-Length"] = str(len(body))
        request = httpcore.Request(method, url, headers=list(sent.items()), content=body)
        try:
            with calling(self._peer) as call:
                async with asyncio.timeout(seconds), self._turns.of(parts.hostname or ""):
                    fetched = await self._read(request, most_bytes)
                call.answered(fetched.status)
        except TimeoutError as error:
            raise OutgoingFailed("no answer in time") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, ssl.SSLError) as error:
            raise OutgoingFailed(_told(error)) from error
        _check_answer(fetched, accept_types)
        return fetched

    def check(self, url: str) -> None:
        """Judge the form of an address without calling it.

        Raises:
            OutgoingRefused: it can never be called.
        """
        self._judged(url)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._pool.aclose()
        self._lookups.close()

    def _judged(self, url: str) -> SplitResult:
        if not _URL.fullmatch(url) or "\\" in url:
            raise OutgoingRefused("not an http or https address of at most 2048 ASCII characters without spaces")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise OutgoingRefused("an address that cannot be read") from error
        if "@" in parts.netloc or "#" in url or not _HOST.fullmatch(host) or port == 0:
            raise OutgoingRefused("an address names a host, no user and no fragment")
        if parts.scheme != "https" and not self._plain and not (self._local and _names_loopback(host)):
            raise OutgoingRefused("an address is https" + (" (http on loopback only)" if self._local else ""))
        return parts

    async def _read(self, request: httpcore.Request, most_bytes: int) -> Fetched:
        response = await self._pool.handle_async_request(request)
        async with aclosing(response):
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            body = bytearray()
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) > most_bytes:
                    raise OutgoingFailed(f"answered more than {most_bytes} bytes")
        return Fetched(response.status, headers, bytes(body))


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to judged addresses only. TLS still names the host of the URL."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, resolve: Resolve, *, local: bool) -> None:
        self._inner = inner
        self._resolve = resolve
        self._local = local

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        last: Exception | None = None
        for address in await self._addresses(host, port):
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise OutgoingFailed("nobody listens there") from last

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise OutgoingFailed("the host name has no address") from error
        if not found:
            raise OutgoingFailed("the host name has no address")
        if not all(is_public(address) or (self._local and is_loopback(address)) for address in found):
            raise OutgoingRefused("the host is at an address that is not of the public Internet")
        return found


@cache
def _default_context() -> ssl.SSLContext:
    return ssl.create_default_context()  # takes 50 ms, once


def _names_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return is_loopback(ipaddress.ip_address(host))
    except ValueError:
        return False


def _check_answer(fetched: Fetched, accept_types: Collection[str]) -> None:
    if 300 <= fetched.status < 400:
        raise OutgoingRedirected(f"answered {fetched.status}, and redirects are not followed")
    if fetched.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise OutgoingFailed("answered compressed, which was not asked for")
    if fetched.status == 200 and accept_types and fetched.media_type not in accept_types:
        raise OutgoingFailed(f"answered another media type than {' or '.join(accept_types)}")


def _told(error: Exception) -> str:
    if "certificate" in str(error).lower():
        return "its certificate is not good for this host"
    return f"the connection failed ({type(error).__name__})"
