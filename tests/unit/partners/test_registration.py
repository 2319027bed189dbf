"""What a registration must be like, by table; and how soon a change counts."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from ipse.app.keystores import KeyMaterial, LoadedKeystore
from ipse.audit.service import Audit
from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds, b64u
from ipse.kernel.keystore import WORKING_KEY_USES
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.rules import addresses
from ipse.partners.rules import registration as rules
from ipse.partners.service import Partners
from ipse.standards.jose import new_private_jwk
from ipse.storage.database import Database, open_database

TEXTS = dict.fromkeys(("nl", "fr", "de", "en"), "Shop")
SECRET = "0123456789abcdef0123456789abcdef"


def public(jwk: dict[str, str], **changes: Any) -> dict[str, Any]:
    members = {name: value for name, value in jwk.items() if name not in {"d", "p", "q", "dp", "dq", "qi"}}
    return {name: value for name, value in (members | changes).items() if value is not None}


SIG, ENC = new_private_jwk("ES256"), new_private_jwk("RSA-OAEP-256")
GOOD = [public(SIG), public(ENC)]


@pytest.mark.parametrize(
    ("partner_id", "good"),
    [("shop", True), ("a-b_C9", True), ("x" * 64, True), ("ab", False), ("x" * 65, False), ("a b", False),
     ("é" * 5, False), ("shop\n", False), ("", False)],
)  # fmt: skip
def test_a_client_id_is_plain(partner_id: str, good: bool) -> None:
    check(good, rules.check_partner_id, partner_id)


@pytest.mark.parametrize(
    ("code", "good"),
    [("SHOP_LOGIN", True), ("x" * 45, True), ("x" * 46, False), ("SHOP-LOGIN", False), ("AB", False), ("A B", False)],
)
def test_a_service_code_fits_where_it_must_go(code: str, good: bool) -> None:
    check(good, rules.check_service_code, code)


@pytest.mark.parametrize(
    ("uri", "sandbox", "production"),
    [
        ("https://shop.example/back", True, True),
        ("https://shop.example/back?a=1", True, True),
        ("https://localhost/back", True, False),
        ("https://127.0.0.1/back", True, False),
        ("https://[::1]/back", True, False),
        ("http://127.0.0.1:8001/back", True, False),
        ("http://localhost:8001/back", True, False),
        ("http://[::1]:8001/back", True, False),
        ("http://shop.example/back", False, False),
        ("http://127.0.0.1.shop.example/back", False, False),
        ("http://localhost.shop.example/back", False, False),
        ("https://shop.example/back#part", False, False),
        ("https://shop.example/back#", False, False),
        ("https:///back", False, False),
        ("https://shop.example/a b", False, False),
        ("https://shop.example/back\n", False, False),
        ("javascript:alert(1)", False, False),
        ("shop://back", False, False),
        ("//shop.example/back", False, False),
        ("", False, False),
    ],
)
def test_a_redirect_uri_is_https_and_loopback_lives_outside_production(
    uri: str, sandbox: bool, production: bool
) -> None:
    """S-10, DESIGN 2: http and loopback exist only in sandbox and lab."""
    for environment, good in (
        (Environment.SANDBOX, sandbox),
        (Environment.LAB, sandbox),
        (Environment.PRODUCTION, production),
    ):
        check(good, addresses.check_redirect_uri, uri, environment)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (GOOD, ""),
        ([*GOOD, public(new_private_jwk("ECDH-ES"))], ""),
        ([], "at least one signature key"),
        ([GOOD[0]], "at least one signature key and one encryption key"),
        ([GOOD[0], public(new_private_jwk("ES256"))], "one encryption key"),
        ([GOOD[0], GOOD[0]], "two keys share one kid"),
        ([SIG, GOOD[1]], "a private or symmetric key"),
        ([GOOD[0], ENC], "a private or symmetric key"),
        ([GOOD[0], {"kty": "oct", "k": "AAAA", "kid": "k", "use": "enc"}], "a private or symmetric key"),
        ([public(SIG, kid=None), GOOD[1]], "needs a kid"),
        ([public(SIG, kid=7), GOOD[1]], "needs a kid"),
        ([public(SIG, use=None), GOOD[1]], "a use of sig or enc"),
        ([public(SIG, crv="P-384"), GOOD[1]], "not a P-256 key"),
        ([GOOD[0], public(ENC, n=b64u(b"\xc1" * 128))], "2048"),
        ([GOOD[0], {"kty": "oct", "kid": "k", "use": "enc"}], "kty is none of"),
    ],
)
def test_keys_are_public_strong_and_named(keys: list[dict[str, Any]], told: str) -> None:
    if not told:
        rules.check_jwks({"keys": keys})
        return
    with pytest.raises(PartnerRegistrationError) as refused:
        rules.check_jwks({"keys": keys})
    assert told in refused.value.public


@pytest.mark.parametrize(
    ("preset", "method", "kty", "expected"),
    [
        (Preset.MIGRATING, AuthMethod.PRIVATE_KEY_JWT, "RSA", ("RS256", "RSA-OAEP-256", "A128CBC-HS256")),
        (Preset.NEW, AuthMethod.PRIVATE_KEY_JWT, "RSA", ("ES256", "RSA-OAEP-256", "A256GCM")),
        (Preset.NEW, AuthMethod.PRIVATE_KEY_JWT, "EC", ("ES256", "ECDH-ES", "A256GCM")),
        (Preset.MIGRATING, AuthMethod.CLIENT_SECRET_POST, None, ("RS256", "dir", "A256GCM")),
        (Preset.NEW, AuthMethod.CLIENT_SECRET_POST, None, ("ES256", "dir", "A256GCM")),
    ],
)
def test_presets_name_their_algorithms(
    preset: Preset, method: AuthMethod, kty: str | None, expected: tuple[str, str, str]
) -> None:
    """DESIGN 4."""
    chosen = preset_algorithms(preset, method, encryption_key_type=kty)
    assert (
        chosen.id_token_signed_response_alg,
        chosen.id_token_encrypted_response_alg,
        chosen.id_token_encrypted_response_enc,
    ) == expected
    assert (chosen.userinfo_signed_response_alg, chosen.userinfo_encrypted_response_alg) == expected[:2]


@pytest.fixture
def partners(database: Database) -> Partners:
    ids = RandomIds()
    material = KeyMaterial({use: b64encode(ids.octets(32)).decode() for use in WORKING_KEY_USES}, {})
    return Partners(database, LoadedKeystore(material), FrozenClock(), Environment.SANDBOX)


def shop(**changes: Any) -> Partner:
    method = AuthMethod.CLIENT_SECRET_POST
    given: dict[str, Any] = {
        "partner_id": "shop",
        "name": "Shop",
        "state": "active",
        "auth_method": method,
        "jwks": None,
        "algorithms": preset_algorithms(Preset.NEW, method, encryption_key_type=None),
    }
    return Partner(**(given | changes))


def login(**changes: Any) -> Service:
    given: dict[str, Any] = {
        "code": "SHOP_LOGIN",
        "partner_id": "shop",
        "type": ServiceType.AUTHENTICATION,
        "state": "active",
        "name": TEXTS,
        "purpose": {},
        "redirect_uris": ("https://shop.example/back",),
        "contract": {},
    }
    return Service(**(given | changes))


async def test_a_stopped_partner_is_stopped_everywhere_within_two_seconds(
    partners: Partners, database_url: str
) -> None:
    """A change made by another process counts when what was found is two seconds old."""
    await partners.register_partner(shop(), secret=SECRET, actor="operator:ann")
    await partners.register_service(login(), actor="operator:ann")
    assert (await found(partners)) == ("active", "active")
    database = await open_database(database_url)
    elsewhere = Partners(database, partners.keystore, partners.clock, Environment.SANDBOX)
    assert await elsewhere.set_state("shop", "stopped", actor="operator:ann")
    assert not await elsewhere.set_state("shop", "stopped", actor="operator:ann"), "nothing changed, no line"
    await elsewhere.register_service(login(state="stopped"), actor="operator:ann")
    await database.close()
    assert isinstance(partners.clock, FrozenClock)
    partners.clock.advance(seconds=1.999)
    assert (await found(partners)) == ("active", "active"), "kept: no statement for each request"
    partners.clock.advance(seconds=0.001)
    assert (await found(partners)) == ("stopped", "stopped")
    acts = [line.act async for line in Audit(partners.database).lines()]
    assert acts == ["partner.register", "service.register", "partner.stopped", "service.register"]


async def test_what_was_read_before_a_stop_never_starts_a_partner_again(partners: Partners) -> None:
    """T-26: a request that was held open while somebody stops the partner brings neither that nor keys back."""
    await partners.register_partner(shop(), secret=SECRET, actor="test", instead_of=None)
    read = await partners.fresh("shop")
    assert read
    await partners.set_state("shop", "stopped", actor="operator:ann")
    for before in (read, None):
        with pytest.raises(PartnerRegistrationError, match="changed it meanwhile"):
            await partners.register_partner(shop(name="Old"), secret=SECRET, actor="test", instead_of=before)
    with pytest.raises(PartnerRegistrationError, match="changed it meanwhile"):
        await partners.register_service(login(), actor="test", instead_of=None, of_partner=read)
    await partners.register_partner(shop(name="New"), secret=SECRET, actor="test")
    stands = await partners.fresh("shop")
    assert stands
    assert (stands.state, stands.name) == ("stopped", "New")


async def test_a_service_is_not_written_over_what_somebody_else_wrote(partners: Partners) -> None:
    await partners.register_partner(shop(), secret=SECRET, actor="test")
    await partners.register_service(login(), actor="test", instead_of=None)
    read = await partners.registered("SHOP_LOGIN")
    await partners.register_service(login(state="stopped"), actor="test", instead_of=read)
    for before in (read, None):
        with pytest.raises(PartnerRegistrationError, match="changed it meanwhile"):
            await partners.register_service(login(), actor="test", instead_of=before)
    stands = await partners.registered("SHOP_LOGIN")
    assert stands
    assert stands.state == "stopped"


async def found(partners: Partners) -> tuple[str, str]:
    partner, service = await partners.partner("shop"), await partners.service("SHOP_LOGIN")
    assert partner is not None
    assert service is not None
    return partner.state, service.state


async def test_a_clock_that_jumps_back_keeps_nothing_for_ever(partners: Partners) -> None:
    await partners.register_partner(shop(), secret=SECRET, actor="test")
    await partners.partner("shop")
    assert isinstance(partners.clock, FrozenClock)
    partners.clock.advance(seconds=-3600)
    await partners.database.rows("update partners_partners set state = 'stopped' where partner_id = 'shop'")
    partner = await partners.partner("shop")
    assert partner is not None
    assert partner.state == "stopped"


async def test_unknown_names_are_remembered_as_unknown_but_not_for_long(partners: Partners) -> None:
    assert await partners.partner("shop") is None
    assert await partners.service("SHOP_LOGIN") is None
    await partners.register_partner(shop(), secret=SECRET, actor="test")
    assert await partners.partner("shop") is not None, "the process that registers knows at once"


async def test_a_secret_is_sealed_and_comes_back(partners: Partners) -> None:
    """DESIGN 4: secrets are keys too, so they are sealed, never hashed, and bound to their partner."""
    await partners.register_partner(shop(), secret=SECRET, actor="test")
    partner = await partners.partner("shop")
    assert partner is not None
    assert partners.secret(partner) == SECRET
    assert SECRET.encode() not in (partner.sealed_secret or b"")
    row = await partners.database.row("select details from audit_lines where seq = 1")
    assert row is not None
    assert SECRET not in row["details"]


@pytest.mark.parametrize("secret", [None, "", "short", "x" * 31])
async def test_a_weak_secret_is_refused(partners: Partners, secret: str | None) -> None:
    """S-10: default and weak secrets."""
    with pytest.raises(PartnerRegistrationError) as refused:
        await partners.register_partner(shop(), secret=secret, actor="test")
    assert "at least 32 characters" in refused.value.public
    assert await partners.partners() == []


async def test_a_service_belongs_to_one_known_partner_for_ever(partners: Partners) -> None:
    with pytest.raises(PartnerRegistrationError) as refused:
        await partners.register_service(login(), actor="test")
    assert "there is no partner shop" in refused.value.public
    for partner_id in ("shop", "other"):
        await partners.register_partner(shop(partner_id=partner_id), secret=SECRET, actor="test")
    await partners.register_service(login(), actor="test")
    with pytest.raises(PartnerRegistrationError) as refused:
        await partners.register_service(login(partner_id="other"), actor="test")
    assert "belongs to another partner" in refused.value.public
    assert [line.act async for line in Audit(partners.database).lines()].count("service.register") == 1


async def test_a_service_has_a_name_in_every_language(partners: Partners) -> None:
    await partners.register_partner(shop(), secret=SECRET, actor="test")
    with pytest.raises(PartnerRegistrationError) as refused:
        await partners.register_service(login(name={"nl": "Winkel"}), actor="test")
    assert "needs a name in nl, fr, de, en" in refused.value.public


async def test_what_production_would_not_accept_is_found(partners: Partners) -> None:
    """S-10: loopback redirect URIs in a database that served a sandbox."""
    await partners.register_partner(shop(), secret=SECRET, actor="test")
    await partners.register_service(login(), actor="test")
    await partners.register_service(
        login(code="SHOP_LOCAL", redirect_uris=("https://shop.example/", "http://127.0.0.1/")), actor="test"
    )
    assert await partners.unfit() == []
    production = Partners(partners.database, partners.keystore, partners.clock, Environment.PRODUCTION)
    assert [service.code for service, _ in await production.unfit()] == ["SHOP_LOCAL"]


def check(good: bool, rule: Any, *values: object) -> None:
    if good:
        rule(*values)
        return
    with pytest.raises(PartnerRegistrationError):
        rule(*values)
