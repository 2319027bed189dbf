"""What production does not start with (S-10): each with one line that names the setting and the remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.app.keystores import open_keystore
from ipse.app.safety import Machine, check_database, check_start
from ipse.kernel.clock import SystemClock
from ipse.kernel.settings import SettingsError, read_settings
from ipse.storage.database import open_database
from tests.functional.app.conftest import open_shop
from tests.functional.app.installation import APP_NAME, NAME, Place, certified
from tests.support.postgres import Postgres

UNSAFE: dict[str, tuple[dict[str, Any], str]] = {
    "http": ({"base_url": "http://id.ipse.test"}, "base_url is http://id.ipse.test, and production is https only"),
    "http app": ({"app_origin": "http://app.ipse.test"}, "app_origin is http://app.ipse.test, and production is https"),
    "loopback": ({"base_url": "https://localhost:1"}, "base_url is https://localhost:1, which nobody else can reach"),
    "file keystore": (
        {"keystore": "file:/k.json"},
        "keystore is a file, which is for sandbox and lab only; mend: name a",
    ),
    "no TLS": (
        {"tls_certificate": None, "tls_key": None},
        "nothing ends TLS: neither tls_certificate with tls_key nor",
    ),
    "half TLS": ({"tls_key": None}, "one of tls_certificate and tls_key is missing"),
    "everybody a proxy": ({"trusted_proxies": ["0.0.0.0/0"]}, "trusted_proxies: 0.0.0.0/0 trusts everybody"),
    "no proxy": ({"trusted_proxies": ["the proxy"]}, "trusted_proxies: 'the proxy' is not an address or network"),
    "everybody says which certificate": (
        {"certificate_proxies": ["0.0.0.0/0"]},
        "certificate_proxies: 0.0.0.0/0 trusts everybody",
    ),
    "certificates from nobody": (
        {"mtls_base_url": "https://mtls.ipse.test"},
        "mtls_base_url is set, and no proxy may bring a certificate",
    ),
    "weak password": ({"database": "postgresql://ipse:ipse@db/ipse"}, "database holds a weak or well-known password"),
    "known password": (
        {"database": "postgresql://ipse:passwordpassword@db/ipse"},
        "database holds a weak or well-known password; mend: choose 16",
    ),
    "too many tries": ({"tries": 6}, "tries is 6; mend: choose 1 to 5"),
    "debug": ({"debug": True}, "Object contains unknown field `debug`"),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_an_unsafe_setting_is_refused_in_one_line(proper: Place, case: str) -> None:
    """S-10."""
    settings, told = UNSAFE[case]
    with pytest.raises(SettingsError) as refused:
        read_settings(proper.changed(**settings).config.read_bytes())
    lines = str(refused.value).splitlines()
    assert [line for line in lines if told in line], lines


def test_all_unsafe_settings_are_told_at_once(proper: Place) -> None:
    """S-10: one start tells everything, on the command line as in the doctor's list."""
    place = proper.changed(base_url="http://id.ipse.test", keystore="file:/k.json", tls_certificate=None, tls_key=None)
    refusal = place.refusal()
    assert [line.split()[1] for line in refusal.splitlines()] == ["base_url", "nothing", "keystore"]


OPENED: dict[str, Callable[[Place], Path]] = {
    "the settings file": lambda place: place.config,
    "tls_key": lambda place: place.folder / "tls.key",
    "the database": lambda place: place.folder / "ipse.db",
    "keystore": lambda place: place.folder / "keystore.sealed",
    "the PIN file": lambda place: place.folder / "pin",
}


@pytest.mark.parametrize("name", OPENED)
def test_files_that_others_can_read_are_refused(proper: Place, name: str) -> None:
    """S-10: world-readable keys, database, settings."""
    path = OPENED[name](proper)
    path.chmod(0o644)
    with pytest.raises(SettingsError) as refused:
        start(proper)
    assert str(refused.value) == f"{name} {path} can be read by others; mend: chmod 600 {path}"
    path.chmod(0o600)
    start(proper)


def test_a_clock_that_nothing_keeps_right_is_refused(proper: Place) -> None:
    """S-10: expiry and replay protection stand on it."""
    with pytest.raises(SettingsError, match="the clock of this machine is not synchronised; mend: run an NTP client"):
        start(proper, clock_is_synchronised=lambda: False)


@pytest.mark.parametrize("name", ["SSLKEYLOGFILE", "PYTHONASYNCIODEBUG"])
def test_debugging_that_would_write_secrets_is_refused(proper: Place, name: str) -> None:
    """S-10: debug."""
    with pytest.raises(SettingsError, match=f"mend: unset .*{name}"):
        start(proper, environment={name: "1"})


def test_development_mode_is_refused_where_it_is_real(proper: Place) -> None:
    """S-10: debug, as a process really starts."""
    debugging = Place(proper.folder, proper.settings, {**proper.environment, "PYTHONDEVMODE": "1"}, proper.command)
    assert "Python runs in debug mode" in debugging.refusal()


def test_a_certificate_must_be_valid_and_name_us(proper: Place) -> None:
    certified(proper.folder, NAME)
    with pytest.raises(SettingsError, match=f"tls_certificate does not name {APP_NAME} of app_origin"):
        start(proper)
    certified(proper.folder, f"*.{NAME.partition('.')[2]}", days=-1)
    with pytest.raises(SettingsError, match=r"tls_certificate is valid from .* only; mend: renew it"):
        start(proper)
    (proper.folder / "tls.key").write_bytes(b"no key")
    with pytest.raises(SettingsError, match="cannot be used"):
        start(proper)


async def test_partners_of_a_sandbox_are_refused(proper: Place, sandbox_keys: Path) -> None:
    """S-10: a database that served a sandbox has loopback redirect URIs in it; it never becomes production's."""
    shutil.copy(sandbox_keys, proper.folder)
    await open_shop(proper, redirect_uri="http://127.0.0.1:8001/back")
    refusal = proper.refusal()
    assert refusal.startswith("ipse: service SHOP_LOGIN of shop is not for production: redirect URI")
    assert "begin with a database of production's own" in refusal


ROLES: dict[str, tuple[str, str | None]] = {
    "root": ("superuser", "is a superuser"),
    "owner": ("", "owns the tables"),
    "heir": ("in role ipse_owner", "owns the tables, or is a member of their owner"),
    "maker": ("createrole", "may make roles or databases"),
    "builder": ("", "may create in the schema"),
    "clerk": ("", None),
}


@pytest.fixture
async def roles(postgres: Postgres) -> str:
    """A database whose tables belong to `ipse_owner`, migrated by it; returns the address with NAME for the role."""
    statements = [
        "create role ipse_owner login",
        "create database roles owner ipse_owner",
        *(f"create role ipse_{name} login {options}" for name, (options, _) in ROLES.items() if name != "owner"),
    ]
    for statement in statements:
        await postgres.execute(statement)
    return postgres.url("roles").replace("//ipse@", "//NAME@")


async def test_a_database_role_with_more_rights_than_its_work_is_refused(
    roles: str, proper: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-10: owner, superuser, and their relatives; with rows alone everything works, a real start included."""
    migrated = proper.ipse("migrate", "--database", roles.replace("NAME", "ipse_owner"))
    assert migrated.returncode == 0, migrated.stderr
    owner = await open_database(roles.replace("NAME", "ipse_owner"), connections=1)
    for statement in GRANTS:
        await owner.rows(statement)
    await owner.close()
    monkeypatch.setenv("SOFTHSM2_CONF", proper.environment["SOFTHSM2_CONF"])
    keystore = open_keystore(proper.settings["keystore"])
    for name, (_, excess) in ROLES.items():
        place = proper.changed(database=roles.replace("NAME", f"ipse_{name}"))
        settings = read_settings(place.config.read_bytes())
        database = await open_database(settings.database, connections=1)
        try:
            if excess is None:
                await check_database(settings, database, keystore)
            else:
                with pytest.raises(SettingsError, match=f"the database role {excess}"):
                    await check_database(settings, database, keystore)
        finally:
            await database.close()
    place = proper.changed(database=roles.replace("NAME", "ipse_root"))
    assert "the database role is a superuser; mend: name a role in database that may only" in place.refusal()
    place = proper.changed(database=roles.replace("NAME", "ipse_clerk"))
    with place.serving(), place.client() as client:
        assert client.get("/v2/jwkSet").status_code == 200
    added = place.ipse("partner", "add", "shop", "Shop")
    assert added.returncode == 0, added.stderr
    assert place.ipse("audit", "verify").returncode == 0


GRANTS = (
    "grant usage on schema public to public",
    "grant select, insert, update, delete on all tables in schema public to public",
    "revoke update, delete on audit_lines from public",
    "grant create on schema public to ipse_builder",
)
"""As docs/guides/run-in-production.md says, for everybody at once."""


def start(place: Place, **machine: Any) -> None:
    """What `ipse serve` checks before it opens anything."""
    outside: dict[str, Any] = {
        "config": place.config,
        "environment": {},
        "clock": SystemClock(),
        "clock_is_synchronised": lambda: True,
    }
    check_start(read_settings(place.config.read_bytes()), Machine(**(outside | machine)))
