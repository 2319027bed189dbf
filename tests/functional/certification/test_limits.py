"""How often one address may ask: the service's own limits, behind a proxy that it believes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from ipse.certification.settings import read_settings
from ipse.kernel.settings import SettingsError
from tests.architecture.source_tree import ROOT
from tests.support.certification import RunningCertification, running

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 24066
EXAMPLE = ROOT / "docs" / "guides" / "certification.example.toml"
KINDS = {"/ocsp": "application/ocsp-request", "/timestamps": "application/timestamp-query", "/crl/issuing.crl": ""}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    with running(tmp_path_factory.mktemp("certification"), PORT) as service:
        service.kill()
        told = service.folder.config.read_text()
        own = 'own_addresses = ["127.0.0.1"]'
        assert own in told
        told = told.replace(own, 'own_addresses = ["192.0.2.10", "2001:db8:9::/48"]\ntrusted_proxies = ["127.0.0.1"]')
        few = "{ burst = 2, per_minute = 1 }"
        service.folder.config.write_text(f"{told}\n[limits]\nanswers = {few}\ntimestamps = {few}\nfiles = {few}\n")
        service.restart()
        yield service


def asked(service: RunningCertification, path: str, address: str) -> httpx.Response:
    """What the proxy is answered for somebody at an address."""
    place, headers = f"{service.folder.public_url}{path}", {"X-Forwarded-For": address}
    if not KINDS[path]:
        return httpx.get(place, headers=headers)
    return httpx.post(place, content=b"0", headers={**headers, "Content-Type": KINDS[path]})


@pytest.mark.parametrize("path", KINDS)
def test_one_address_cannot_keep_the_service_busy(limited: RunningCertification, path: str) -> None:
    loud = ["198.51.100.7", "198.51.100.7", "192.0.2.10, 198.51.100.7"]  # on the left stands what anybody can write
    assert [asked(limited, path, address).status_code for address in loud] == [200, 200, 429]
    refused = asked(limited, path, "198.51.100.7")
    assert refused.json()["code"] == "too_many_requests"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    customer = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:3::1"]
    assert [asked(limited, path, address).status_code for address in customer] == [200, 200, 429, 200]
    for own in ("192.0.2.10", "2001:db8:9::5"):
        assert [asked(limited, path, own).status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('trusted_proxies = ["127.0.0.1"]', "", "trusted_proxies is not set"),
        ('trusted_proxies = ["127.0.0.1"]', 'trusted_proxies = ["0.0.0.0/0"]', "trusts everybody"),
        ('own_addresses = ["127.0.0.1", "192.0.2.10"]', 'own_addresses = ["the scheme"]', "not an address"),
        ("[keys]", "[limits]\nanswers = { burst = 0, per_minute = 1 }\n\n[keys]", "limits.answers lets nobody in"),
    ],
)
def test_limits_that_cannot_work_are_refused(was: str, becomes: str, told: str) -> None:
    text = EXAMPLE.read_text()
    assert was in text
    with pytest.raises(SettingsError, match=told):
        read_settings(text.replace(was, becomes).encode())
