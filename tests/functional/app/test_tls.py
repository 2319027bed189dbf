"""Our own TLS, and what is believed of a proxy that ends it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import warnings
from collections.abc import Iterator

import pytest

from tests.functional.app.conftest import LOGIN, open_shop
from tests.functional.app.installation import APP_NAME, NAME, Place, certified

pytestmark = pytest.mark.processes


@pytest.fixture
async def secured(small: Place) -> Place:
    """A sandbox with a certificate of an authority of its own, as `ipse sandbox --lan` has it."""
    certified(small.folder, NAME, APP_NAME)
    await open_shop(small)
    return small.changed(
        base_url=f"https://{NAME}:{small.port}",
        app_origin=f"https://{APP_NAME}:{small.port + 1}",
        tls_certificate=str(small.folder / "tls.pem"),
        tls_key=str(small.folder / "tls.key"),
    )


def test_people_reach_us_by_https_with_host_cookies_and_hsts(secured: Place) -> None:
    """S-11, S-12: `__Host-`, Secure, HSTS of two years; on the app's origin, too."""
    with secured.serving():
        with secured.client() as browser:
            page = browser.get("/v2/authorization", params=LOGIN)
        with secured.client(port=secured.port + 1, host=APP_NAME) as app:
            front = app.get("/")
        versions = list(handshakes(secured.port, str(secured.folder / "authority.pem")))
        plain = spoken_in_clear(secured.port)
    assert page.status_code == 200
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-ipse=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    for answer in (page, front):
        assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains; preload"
    assert versions == [("TLSv1.3", True), ("TLSv1.2", True), ("older", False), ("no forward secrecy", False)]
    assert b"200 OK" not in plain


def handshakes(port: int, authority: str) -> Iterator[tuple[str, bool]]:
    """Which handshakes the server accepts."""
    for name, configure in {
        "TLSv1.3": lambda context: setattr(context, "minimum_version", ssl.TLSVersion.TLSv1_3),
        "TLSv1.2": lambda context: setattr(context, "maximum_version", ssl.TLSVersion.TLSv1_2),
        "older": allow_old,
        "no forward secrecy": without_forward_secrecy,
    }.items():
        context = ssl.create_default_context(cafile=authority)
        configure(context)
        try:
            with (
                socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
                context.wrap_socket(connection, server_hostname=NAME) as secure,
            ):
                yield name, secure.version() in {name, "TLSv1.2"}
        except (ssl.SSLError, OSError):
            yield name, False


def allow_old(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def without_forward_secrecy(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA")


def spoken_in_clear(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, contextlib.suppress(OSError):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return connection.recv(1000)
    return b""


async def test_a_forged_forwarding_header_counts_for_nothing(small: Place) -> None:
    """S-10: without a named proxy, an invented address does not escape the limits."""
    await open_shop(small)
    assert asked_until_refused(small) == [200, 200, 429]


async def test_only_a_named_proxy_says_where_a_request_comes_from(small: Place) -> None:
    """S-10: behind it each client has its own limit, and a client's own header is read past."""
    await open_shop(small)
    named = small.changed(trusted_proxies=["127.0.0.1"])
    assert asked_until_refused(named) == [200, 200, 200]
    assert asked_until_refused(named, forged="198.51.100.{number}, 192.0.2.7") == [200, 200, 429]
    elsewhere = small.changed(trusted_proxies=["192.0.2.1"])
    assert asked_until_refused(elsewhere) == [200, 200, 429]


def asked_until_refused(place: Place, forged: str = "198.51.100.{number}") -> list[int]:
    """Three pages, each with another forwarded address, where two are allowed."""
    limited = place.changed(limits={"page": {"burst": 2, "per_minute": 1}})
    with limited.serving(), limited.client() as browser:
        return [
            browser.get(
                "/v2/authorization", params=LOGIN, headers={"x-forwarded-for": forged.format(number=number)}
            ).status_code
            for number in range(1, 4)
        ]


def test_behind_a_named_proxy_production_serves_without_a_certificate(proper: Place) -> None:
    """S-10: own TLS or a named trusted proxy; what people reach is https all the same."""
    behind = proper.changed(tls_certificate=None, tls_key=None, trusted_proxies=["127.0.0.1"])
    with behind.serving(), behind.client() as proxy:
        answer = proxy.get("/v2/.well-known/openid-configuration", headers={"x-forwarded-for": "198.51.100.7"})
    assert answer.json()["issuer"] == f"https://{NAME}:{behind.port}/v2"
    assert "strict-transport-security" in answer.headers
