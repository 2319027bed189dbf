"""What settings can be: unknown names, wrong types, and what each environment refuses by itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ipse.kernel.settings import (
    Address,
    Environment,
    Finding,
    Settings,
    SettingsError,
    parse_settings,
    read_settings,
    refuse,
)

GOOD = b"""
environment = "lab"
base_url = "http://localhost:8000"
app_origin = "http://127.0.0.1:8002"
database = "sqlite:///var/lib/ipse.db"
keystore = "file:/etc/ipse/keystore.json"
"""


def settings(**changes: Any) -> Settings:
    return msgspec.structs.replace(read_settings(GOOD), **changes)


def told(**changes: Any) -> list[str]:
    return [finding.what for finding in settings(**changes).findings()]


def test_five_settings_are_enough() -> None:
    read = read_settings(GOOD)
    assert read.issuer == "http://localhost:8000/v2"
    assert not read.secure
    assert settings(base_url="https://id.example").secure


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"debug = true", "unknown field `debug`"),
        (b"base_uri = 'http://localhost'", "unknown field `base_uri`"),
        (b"tries = '3'", "Expected `int`, got `str` - at `$.tries`"),
        (b"[lifetimes]\nsession = 1", "unknown field `session` - at `$.lifetimes`"),
        (b"[[registrars]]\nid = 'b'", "unknown field `registrars`"),
        (b"= 3", "Invalid"),
    ],
)
def test_a_typing_error_is_never_ignored(line: bytes, complaint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings(GOOD + line)
    assert complaint in str(refused.value)


def test_an_environment_must_be_chosen() -> None:
    """DESIGN 2: nobody runs production or a sandbox by default."""
    with pytest.raises(SettingsError, match="environment"):
        read_settings(GOOD.replace(b'environment = "lab"', b""))
    with pytest.raises(SettingsError, match="Invalid enum value 'test'"):
        read_settings(GOOD.replace(b'"lab"', b'"test"'))


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "http://id.example"},
        {"app_origin": "http://192.0.2.1:8002"},
        {"listen": Address("0.0.0.0", 8000)},
        {"app_listen": Address("::", 8002)},
        {"listen": Address("192.0.2.1", 8000)},
        {"base_url": "http://localhost.example:8000"},
        {"base_url": "http://127.0.0.1.example:8000"},
    ],
)
def test_a_lab_is_on_loopback_only(changes: dict[str, Any]) -> None:
    """S-10: lab switches on non-loopback."""
    assert [what for what in told(**changes) if "a lab runs on loopback only" in what]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_all_of_loopback_is_loopback(host: str) -> None:
    assert told(listen=Address(host, 8000)) == []


@pytest.mark.parametrize(
    "url",
    ["", "localhost", "http://", "http://localhost/", "http://localhost/v2", "http://localhost?", "ftp://localhost",
     "HTTP://localhost", "http://localhost#x"],
)  # fmt: skip
def test_an_origin_is_an_origin(url: str) -> None:
    assert [what for what in told(base_url=url) if what.startswith("base_url is ")]


def test_the_app_has_an_origin_of_its_own() -> None:
    assert told(app_origin="http://localhost:8000") == ["app_origin is base_url"]


@pytest.mark.parametrize(("way", "good"), [("refuse", True), ("ignore", True), ("Ignore", False), ("", False)])
def test_what_becomes_of_unknown_scopes(way: str, good: bool) -> None:
    """Partner protocol, section 6."""
    assert (told(unknown_scopes=way) == []) == good


PROXY = {"certificate_proxies": ("127.0.0.2",)}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (PROXY | {"mtls_base_url": "https://mtls.id.example", "client_certificate_authorities": "/etc/a.pem"}, None),
        (PROXY, None),
        ({"certificate_proxies": ("10.0.0.0/8", "::1")}, None),
        ({"certificate_proxies": ("unix",), "listen_unix": "/run/ipse/ipse.sock"}, None),
        ({"trusted_proxies": ("unix",), "listen_unix": "/run/ipse/ipse.sock"}, None),
        ({"certificate_proxies": ("proxy",)}, "certificate_proxies: 'proxy' is not an address or network"),
        ({"certificate_proxies": ("0.0.0.0/0",)}, "certificate_proxies: 0.0.0.0/0 trusts everybody"),
        ({"certificate_proxies": ("::/0",)}, "certificate_proxies: ::/0 trusts everybody"),
        ({"certificate_proxies": ("unix",)}, "certificate_proxies names unix, and nothing listens there"),
        ({"trusted_proxies": ("unix",)}, "trusted_proxies names unix, and nothing listens there"),
        ({"listen_unix": "ipse.sock"}, "listen_unix is 'ipse.sock'"),
        ({"mtls_base_url": "https://m.example"}, "mtls_base_url is set, and no proxy may bring a certificate"),
        ({"client_certificate_authorities": "/etc/a.pem"}, "client_certificate_authorities is set, and no proxy"),
        (PROXY | {"mtls_base_url": "https://m.example/v2"}, "mtls_base_url is 'https://m.example/v2'"),
    ],
)
def test_certificates_come_from_named_proxies(changes: dict[str, Any], complaint: str | None) -> None:
    """S-10, RFC 9440 §4."""
    found = told(**changes)
    assert [what.startswith(complaint or "nothing") for what in found] == ([] if complaint is None else [True])


def test_in_production_certificates_come_by_tls() -> None:
    changes = PROXY | {"environment": Environment.PRODUCTION, "mtls_base_url": "http://mtls.id.example"}
    assert "mtls_base_url is http://mtls.id.example: only TLS carries certificates" in told(**changes)


@pytest.mark.parametrize(("tries", "good"), [(0, False), (1, True), (5, True), (6, False)])
def test_wrong_codes_block_after_at_most_five(tries: int, good: bool) -> None:
    """B-40."""
    assert (told(tries=tries) == []) == good


@pytest.mark.parametrize(
    ("environment", "announcement", "days", "complaints"),
    [
        (Environment.SANDBOX, 0, 90, []),
        (Environment.SANDBOX, None, 0, []),
        (Environment.SANDBOX, -1, 90, ["key_announcement"]),
        (Environment.PRODUCTION, None, 90, []),
        (Environment.PRODUCTION, 1800, 1, []),
        (Environment.PRODUCTION, 1799, 90, ["key_announcement"]),
        (Environment.PRODUCTION, 604_801, 90, ["key_announcement"]),
        (Environment.PRODUCTION, None, 1, ["key_rotation_days"]),
        (Environment.PRODUCTION, None, -1, ["key_rotation_days"]),
    ],
)
def test_keys_are_announced_as_long_as_partners_keep_them(
    environment: Environment, announcement: int | None, days: int, complaints: list[str]
) -> None:
    """T-22: overlap at least as long as a key set is cached."""
    found = told(environment=environment, key_announcement=announcement, key_rotation_days=days)
    assert [what.split()[0] for what in found if what.startswith("key_")] == complaints


def test_production_finds_everything_at_once() -> None:
    found = told(environment=Environment.PRODUCTION)
    assert [what.split()[0] for what in found] == ["base_url", "app_origin", "nothing", "keystore"]


@pytest.mark.parametrize(
    ("database", "weak"),
    [
        ("postgresql://ipse@db/ipse", False),
        ("postgresql://ipse:Zr6_pL0q-mW3xT8v@db/ipse", False),
        ("postgresql://ipse:short@db/ipse", True),
        ("postgresql://ipse_serving_role:ipse_serving_role@db/ipse", True),
        ("postgresql://ipse:ChangeMeChangeMe@db/ipse", True),
        ("postgresql://ipse:%70asswordpassword@db/ipse", True),
    ],
)
def test_a_weak_password_is_found(database: str, weak: bool) -> None:
    """S-10: default and weak secrets."""
    found = told(environment=Environment.PRODUCTION, database=database)
    assert ("database holds a weak or well-known password" in found) == weak


def test_only_what_is_unsafe_is_refused_each_in_its_line() -> None:
    refuse([Finding("old", "renew", unsafe=False)])
    with pytest.raises(SettingsError) as refused:
        refuse([Finding("a", "b"), Finding("old", "renew", unsafe=False), Finding("c", "d")])
    assert str(refused.value) == "a; mend: b\nc; mend: d"
