"""The socket in the file system, for a proxy on this machine: whoever may open its folder is that proxy."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.functional.app.conftest import LOGIN, open_shop
from tests.functional.app.installation import Place

pytestmark = pytest.mark.processes
DISCOVERY = "/v2/.well-known/openid-configuration"


@pytest.fixture
async def local(small: Place) -> Place:
    await open_shop(small)
    return small.changed(
        listen_unix=str(small.folder / "ipse.sock"),
        trusted_proxies=["unix"],
        certificate_proxies=["unix"],
        limits={"page": {"burst": 2, "per_minute": 1}},
    )


def proxy(place: Place) -> httpx.Client:
    """What the proxy connects with."""
    transport = httpx.HTTPTransport(uds=str(place.settings["listen_unix"]))
    return httpx.Client(transport=transport, base_url="http://localhost", timeout=10)


def test_what_the_proxy_says_counts_and_nobody_elses(local: Place) -> None:
    """An address for the limits, and a certificate; here one that is none, which only its bearer is told."""
    with local.serving(), proxy(local) as own, local.client() as stranger:
        pages = {
            client: [
                client.get("/v2/authorization", params=LOGIN, headers={"X-Forwarded-For": f"198.51.100.{number}"})
                for number in range(3)
            ]
            for client in (own, stranger)
        }
        nonsense = {"Client-Cert": "nonsense"}
        refused, stripped = own.get(DISCOVERY, headers=nonsense), stranger.get(DISCOVERY, headers=nonsense)
        methods = own.get(DISCOVERY).json()["token_endpoint_auth_methods_supported"]
    assert [page.status_code for page in pages[own]] == [200, 200, 200]
    assert [page.status_code for page in pages[stranger]] == [200, 200, 429]
    assert (refused.status_code, stripped.status_code) == (400, 200)
    assert "self_signed_tls_client_auth" in methods


def test_a_socket_that_a_killed_process_left_is_taken_over(local: Place) -> None:
    for _ in range(2):
        with local.serving() as process, proxy(local) as own:
            assert own.get("/healthz").status_code == 200
            process.kill()
        assert Path(local.settings["listen_unix"]).is_socket()


def test_a_place_where_no_socket_can_be(local: Place) -> None:
    file = local.folder / "file"
    file.write_text("")
    for path, complaint in (
        (str(file), "something else than a socket"),
        (str(local.folder / "missing" / "ipse.sock"), "cannot listen on"),
        ("ipse.sock", "write the whole path"),
    ):
        ended = local.changed(listen_unix=path).ipse("serve")
        assert ended.returncode == 78, ended.stderr
        assert complaint in ended.stdout + ended.stderr, path
    unnamed = local.changed(listen_unix=None).ipse("serve")
    assert unnamed.returncode == 78
    assert "nothing listens there" in unnamed.stdout + unnamed.stderr
