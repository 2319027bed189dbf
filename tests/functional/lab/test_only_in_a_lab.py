"""What a lab has and nothing else may have: criterion C-9."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from ipse.app.certificates import outgoing_context
from ipse.app.composition import Scheme, build_scheme
from ipse.app.keystores import create_keystore, open_keystore
from ipse.cli.lab.file import read
from ipse.cli.lab.seeding import certificate_of
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.lab import Lab
from ipse.kernel.settings import Environment, Settings, SettingsError
from ipse.lab.http import LabLayer
from ipse.storage.database import Database

LAB = read(Path(__file__).parents[3] / "docs" / "conformance" / "lab.toml")
LISTED = {
    "default_services",
    "basic_clients",
    "plain_pages",
    "any_display",
    "browser_session",
    "open_requests",
    "requests_per_person",
    "outgoing_authorities",
}
"""Every switch there is. A new one stands in docs/conformance/README.md before it stands here."""
ELSEWHERE = {
    "environment", "name", "base_url", "app_origin", "database", "keystore", "listen", "app_listen", "limits",
    "unknown_scopes", "tls_certificate", "tls_key", "certificate_proxies", "mtls_base_url", "lab",
}  # fmt: skip
"""Settings that the lab's file leads to and that are not the defaults; all but `lab` mean the same everywhere."""
CHANGED = {"token_endpoint_auth_methods_supported", "display_values_supported"}
"""Members of the discovery document that a lab changes."""
EACH: dict[str, Any] = {
    "default_services": {"a": "B"},
    "basic_clients": ("a",),
    "requests_per_person": 9,
    "outgoing_authorities": "/a.pem",
}


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    address = f"file:{tmp_path_factory.mktemp('keys')}/keystore.json"
    create_keystore(address, RandomIds())
    return open_keystore(address)


def settings(folder: Path, **changes: Any) -> Settings:
    """The settings that docs/conformance/lab.toml leads to, with changes."""
    return msgspec.structs.replace(msgspec.convert(LAB.settings(folder), Settings), **changes)


@asynccontextmanager
async def built(chosen: Settings, keystore: Keystore, database: Database) -> AsyncIterator[Scheme]:
    scheme = await build_scheme(chosen, keystore, database, clock=SystemClock(), ids=RandomIds())
    yield scheme
    await scheme.close()


def test_every_switch_is_listed_and_documented() -> None:
    assert set(Lab.__struct_fields__) == LISTED
    told = (Path(__file__).parents[3] / "docs" / "conformance" / "README.md").read_text()
    assert all(f"`{switch}`" in told for switch in LISTED)


@pytest.mark.parametrize("environment", [Environment.PRODUCTION, Environment.SANDBOX])
@pytest.mark.parametrize("switch", sorted(LISTED))
def test_production_and_sandbox_refuse_every_switch(tmp_path: Path, environment: Environment, switch: str) -> None:
    lab = Lab(**{switch: EACH.get(switch, True)})
    with pytest.raises(SettingsError, match="the table lab is for a lab"):
        settings(tmp_path, environment=environment, lab=lab).check()


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://id.example"},
        {"app_origin": "https://app.example"},
        {"base_url": "https://192.0.2.7:8200"},
    ],
)
def test_a_lab_refuses_to_start_anywhere_but_on_loopback(tmp_path: Path, changes: dict[str, str]) -> None:
    settings(tmp_path).check()
    with pytest.raises(SettingsError, match="a lab runs on loopback only"):
        settings(tmp_path, **changes).check()


def test_nothing_beyond_the_listed_settings_differs_from_production(tmp_path: Path) -> None:
    mine = settings(tmp_path)
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    differing = {name for name in Settings.__struct_fields__ if getattr(mine, name) != defaults[name]}
    assert differing <= ELSEWHERE
    production = settings(
        tmp_path,
        environment=Environment.PRODUCTION,
        lab=None,
        base_url="https://id.example",
        app_origin="https://app.example",
        mtls_base_url="https://mtls.id.example",
        keystore="pkcs11:token=a;object=b?module-path=/c&pin-source=file:/d&sealed=/e",
        database="postgresql://ipse@localhost/ipse",
    )
    assert production.findings() == []


async def test_the_switches_change_two_members_one_address_and_one_layer(
    tmp_path: Path, keystore: Keystore, database: Database
) -> None:
    """The same installation with every switch and with none."""
    here = {"tls_certificate": None, "tls_key": None}
    async with (
        built(settings(tmp_path, lab=None, **here), keystore, database) as plain,
        built(settings(tmp_path, **here), keystore, database) as lab,
    ):
        paths = [{route.path for route in scheme.routes} for scheme in (plain, lab)]
        assert paths[1] - paths[0] == {"/lab/requests"}
        assert paths[0] <= paths[1]
        assert isinstance(vars(lab.application)["_app"], LabLayer)
        assert not isinstance(vars(plain.application)["_app"], LabLayer)
        documents = [await metadata(scheme) for scheme in (plain, lab)]
        assert documents[0].keys() == documents[1].keys()
        assert {name for name in documents[0] if documents[0][name] != documents[1][name]} == CHANGED


def test_authorities_for_outgoing_calls_are_added_to_the_usual_ones(tmp_path: Path) -> None:
    path = tmp_path / "suite.pem"
    named = settings(tmp_path, lab=Lab(outgoing_authorities=str(path)))
    with pytest.raises(SettingsError, match="outgoing_authorities"):
        outgoing_context(named)
    path.write_text(certificate_of("suite", SystemClock())[0])
    context = outgoing_context(named)
    assert context is not None
    usual = ssl.create_default_context().cert_store_stats()["x509"]
    assert context.cert_store_stats()["x509"] == usual + 1
    assert outgoing_context(settings(tmp_path, lab=None)) is None


async def metadata(scheme: Scheme) -> dict[str, Any]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(scheme.application)) as client:
        answer = await client.get(f"{scheme.settings.issuer}/.well-known/openid-configuration")
        found: dict[str, Any] = answer.json()
        return found


async def test_a_lab_without_the_switch_remembers_nobody(
    tmp_path: Path, keystore: Keystore, database: Database
) -> None:
    """Each switch is its own: an empty table changes nothing."""
    chosen = settings(tmp_path, lab=Lab(), tls_certificate=None, tls_key=None)
    async with built(chosen, keystore, database) as bare:
        assert "/lab/requests" not in {route.path for route in bare.routes}
        assert (await metadata(bare))["display_values_supported"] == ["page"]
