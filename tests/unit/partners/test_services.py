"""What a service and its partner must be like: profiles, addresses, back channel, brokers, certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from ipse.audit.service import Audit
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod, Partner, Preset, preset_algorithms
from ipse.partners.rules.registration import check_partner, check_service, check_service_texts
from ipse.standards import jose
from tests.unit.partners.register import KEYS, SECRET, desk, key_partner, secret_partner, service

if TYPE_CHECKING:
    from ipse.storage.database import Database

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION
SHOP, KEYED = secret_partner(), key_partner()
MIGRATING = preset_algorithms(Preset.MIGRATING, AuthMethod.PRIVATE_KEY_JWT, encryption_key_type="EC")
BY_CERTIFICATE = key_partner(auth_method=AuthMethod.TLS_CLIENT_AUTH, tls_subject="CN=shop", jwks=None)
CERTIFIED = {"keys": [KEYS["keys"][0] | {"x5c": ["MIIB"]}, KEYS["keys"][1]]}
HOOK = "https://shop.example/ping"


@pytest.mark.parametrize(
    ("changes", "partner", "told"),
    [
        ({}, SHOP, ""),
        ({"profile": "strict"}, KEYED, "there is no profile 'strict'"),
        ({"profile": "fapi2"}, KEYED, ""),
        ({"profile": "fapi2"}, BY_CERTIFICATE, ""),
        ({"profile": "fapi2"}, SHOP, "authenticates by key or by certificate"),
        ({"profile": "fapi2"}, key_partner(algorithms=MIGRATING), "signs with PS256, ES256 or EdDSA, and RS256"),
        (
            {"profile": "fapi2"},
            key_partner(algorithms=replace(KEYED.algorithms, token_endpoint_auth_signing_alg=("RS256",))),
            "among the algorithms of the partner's assertions",
        ),
        ({"redirect_uris": ("http://shop.example/",)}, SHOP, "must be https"),
        ({"request_uris": ("https://shop.example:443/r.jwt",)}, SHOP, ""),
        ({"request_uris": ("https://shop.example/r.jwt",)}, SHOP, "must show its port"),
        ({"request_uris": ("https://shop.example:8443/r.jwt",)}, SHOP, "must show its port"),
        ({"request_uris": ("http://shop.example:443/r.jwt",)}, SHOP, "must be https"),
        ({"request_uris": ("https://a@shop.example:443/r.jwt",)}, SHOP, "without a user"),
        ({"request_uris": ("https://shop.example:99999/r.jwt",)}, SHOP, "cannot be read"),
        ({"callback_urls": ("https://shop.example/done", "https://shop.example/done?a=1")}, SHOP, ""),
        ({"callback_urls": ("http://shop.example/done",)}, SHOP, "must be https"),
        ({"callback_urls": ("https://shop.example/done#a",)}, SHOP, "no fragment"),
        ({"callback_urls": tuple(f"https://shop.example/{n}" for n in range(101))}, SHOP, "at most 100 addresses"),
        ({"backchannel_mode": "poll"}, KEYED, ""),
        ({"backchannel_mode": "poll"}, BY_CERTIFICATE, ""),
        ({"backchannel_mode": "poll"}, SHOP, "for partners that authenticate by key or by certificate"),
        ({"backchannel_mode": "push"}, KEYED, "there is no back-channel mode 'push'"),
        ({"backchannel_mode": "ping", "notification_endpoint": HOOK}, KEYED, ""),
        ({"backchannel_mode": "ping"}, KEYED, "needs a notification endpoint"),
        ({"backchannel_mode": "ping", "notification_endpoint": "http://shop.example/"}, KEYED, "must be https"),
        ({"backchannel_mode": "poll", "notification_endpoint": HOOK}, KEYED, "only back-channel mode ping"),
        ({"match_optional": True}, KEYED, "only a service of the back channel"),
        ({"backchannel_mode": "poll", "match_optional": True}, KEYED, "only partners of preset migrating"),
        ({"backchannel_mode": "poll", "match_optional": True}, key_partner(preset=Preset.MIGRATING), ""),
        ({"final_partner": "baker"}, SHOP, "shop is no broker"),
        ({"final_partner": "baker"}, secret_partner(broker=True), ""),
    ],
)
def test_a_service_fits_its_partner(changes: dict[str, Any], partner: Partner, told: str) -> None:
    refused = judged(lambda: check_service(service(**changes), partner, PRODUCTION))
    assert (told in refused) if told else not refused


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": ("http://127.0.0.1:8001/",)},
        {"request_uris": ("http://127.0.0.1:8001/r.jwt",)},
        {"callback_urls": ("http://localhost:8001/done",)},
        {"backchannel_mode": "ping", "notification_endpoint": "http://[::1]:8001/ping"},
    ],
)
def test_loopback_lives_outside_production(changes: dict[str, Any]) -> None:
    """DESIGN 2: http and loopback exist only in sandbox and lab."""
    for profile in ("default", "fapi2"):
        assert not judged(lambda profile=profile: check_service(service(profile=profile, **changes), KEYED, SANDBOX))
    assert "must be https" in judged(lambda: check_service(service(**changes), KEYED, PRODUCTION))


@pytest.mark.parametrize(
    ("partner", "secret", "told"),
    [
        (SHOP, SECRET, ""),
        (SHOP, None, "at least 32 characters"),
        (replace(SHOP, jwks=KEYS), SECRET, "a client secret or keys, not both"),
        (KEYED, None, ""),
        (KEYED, SECRET, "has no client secret"),
        (replace(KEYED, jwks_uri="https://shop.example/jwks"), None, "not both"),
        (replace(KEYED, jwks=None, jwks_uri="http://shop.example/jwks"), None, "must be https"),
        (replace(KEYED, jwks=None, jwks_uri="https://127.0.0.1/jwks"), None, "points to loopback"),
        (replace(KEYED, jwks=None, jwks_uri="https://shop.example/jwks"), None, ""),
        (replace(KEYED, jwks=None), None, "at least one signature key"),
        (
            replace(KEYED, jwks={"keys": [KEYS["keys"][0] | {"kid": ""}, KEYS["keys"][1]]}),
            None,
            "kid that is not empty",
        ),
        (replace(KEYED, name=" "), None, "needs a name"),
        (replace(KEYED, name="Shop\u202epohs"), None, "all of them visible"),
        (replace(KEYED, name="S" * 101), None, "at most 100 characters"),
        (replace(KEYED, name="Café ‘Zum Löwen’ – Łódź"), None, ""),
        (replace(KEYED, state="asleep"), None, "there is no state 'asleep'"),
        (replace(KEYED, contacts=("ann@shop.example",), logo="https://shop.example/logo.png"), None, ""),
        (replace(KEYED, contacts=("nobody",)), None, "is not an e-mail address"),
        (replace(KEYED, logo="http://shop.example/logo.png"), None, "must be https"),
        (replace(KEYED, broker=True, registered_by="other"), None, "no broker itself"),
        (replace(BY_CERTIFICATE, jwks=KEYS), None, ""),
        (replace(BY_CERTIFICATE, jwks=KEYS, tls_subject=""), None, "needs the subject"),
        (BY_CERTIFICATE, None, "cannot be encrypted with ECDH-ES"),
        (replace(KEYED, tls_subject="CN=shop"), None, "only a partner of tls_client_auth"),
        (replace(KEYED, auth_method=AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH), None, "its certificate in x5c"),
        (replace(KEYED, auth_method=AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH, jwks=CERTIFIED), None, ""),
        (replace(KEYED, registered_by="broker", jwks=None), None, ""),
    ],
)
def test_a_partner_has_what_its_method_needs(partner: Partner, secret: str | None, told: str) -> None:
    refused = judged(lambda: check_partner(partner, PRODUCTION, secret=secret))
    assert (told in refused) if told else not refused


def test_what_stands_at_the_address_is_judged_as_well() -> None:
    partner = replace(KEYED, jwks=None, jwks_uri="https://shop.example/jwks")
    assert not judged(lambda: check_partner(partner, PRODUCTION, secret=None, published=KEYS))
    only_signs = {"keys": KEYS["keys"][:1]}
    assert "one encryption key" in judged(lambda: check_partner(partner, PRODUCTION, secret=None, published=only_signs))
    rsa = {"keys": [KEYS["keys"][0], jose.public_jwk(jose.new_private_jwk("RSA-OAEP-256"))]}
    assert "cannot be encrypted with ECDH-ES" in judged(
        lambda: check_partner(partner, PRODUCTION, secret=None, published=rsa)
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": {"nl": "Winkel"}}, "needs a name in nl, fr, de, en"),
        ({"name": dict.fromkeys(("nl", "fr", "de", "en"), " ")}, "needs a name"),
        ({"name": dict.fromkeys(("nl", "fr", "de", "en"), "a\nb")}, "name of service SHOP_LOGIN has at most 100"),
        ({"purpose": {"nl": "x" * 301}}, "purpose of service SHOP_LOGIN has at most 300"),
        ({"purpose": {"nl": "a\u200bb"}}, "all of them visible"),
        ({"purpose": {"nl": "x" * 300}}, ""),
    ],
)
def test_what_people_read_is_plain(changes: dict[str, Any], told: str) -> None:
    refused = judged(lambda: check_service_texts(service(**changes)))
    assert (told in refused) if told else not refused


async def test_everything_that_is_registered_comes_back(database: Database) -> None:
    partners = desk(database).partners
    partner = key_partner(
        jwks=None,
        jwks_uri="https://shop.example/jwks",
        contacts=("ann@shop.example", "bob@shop.example"),
        logo="https://shop.example/logo.png",
        preset=Preset.MIGRATING,
        broker=True,
        counterpart="other-id",
    )
    await partners.register_partner(partner, secret=None, actor="test", published=KEYS)
    await partners.register_partner(key_partner(partner_id="baker", registered_by="shop"), secret=None, actor="test")
    full = service(
        profile="fapi2",
        message_signing=True,
        pkce_required=True,
        contract={"email": "required"},
        request_uris=("https://shop.example:443/r.jwt",),
        backchannel_mode="ping",
        notification_endpoint=HOOK,
        match_optional=True,
        callback_urls=("https://shop.example/done",),
        final_partner="baker",
    )
    await partners.register_service(full, actor="test")
    assert await partners.partner("shop") == partner
    assert await partners.service("SHOP_LOGIN") == full
    assert await partners.registered("SHOP_LOGIN") == full
    assert await partners.services("shop") == [full]


async def test_a_final_partner_is_one_that_this_broker_registered(database: Database) -> None:
    """T-11: a broker speaks for nobody else's partners."""
    partners = desk(database).partners
    for partner in (
        secret_partner(broker=True),
        secret_partner(partner_id="rival", broker=True),
        secret_partner(partner_id="alone"),
        secret_partner(partner_id="baker", registered_by="rival"),
    ):
        await partners.register_partner(partner, secret=SECRET, actor="test")
    for final in ("baker", "alone", "nobody", "shop"):
        with pytest.raises(PartnerRegistrationError) as refused:
            await partners.register_service(service(final_partner=final), actor="test")
        assert f"{final} is no final partner that shop registered" in refused.value.public
    with pytest.raises(PartnerRegistrationError) as refused:
        await partners.register_partner(
            secret_partner(partner_id="miller", registered_by="alone"), secret=SECRET, actor="test"
        )
    assert "alone is no broker" in refused.value.public
    assert await partners.services("shop") == []


async def test_a_service_can_be_removed_by_its_partner_alone(database: Database) -> None:
    partners = desk(database).partners
    await partners.register_partner(SHOP, secret=SECRET, actor="test")
    await partners.register_service(service(), actor="test")
    assert not await partners.remove_service(service(partner_id="other"), actor="test")
    assert await partners.remove_service(service(), actor="test")
    assert not await partners.remove_service(service(), actor="test")
    assert await partners.service("SHOP_LOGIN") is None
    acts = [line.act async for line in Audit(database).lines()]
    assert acts == ["partner.register", "service.register", "service.remove"]


async def test_a_partner_is_active_or_stopped(database: Database) -> None:
    partners = desk(database).partners
    await partners.register_partner(SHOP, secret=SECRET, actor="test")
    with pytest.raises(PartnerRegistrationError) as refused:
        await partners.set_state("shop", "asleep", actor="test")
    assert "there is no state 'asleep'" in refused.value.public
    with pytest.raises(PartnerRegistrationError):
        await partners.register_service(service(state="asleep"), actor="test")
    assert await partners.set_state("shop", "stopped", actor="test")
    partner = await partners.partner("shop")
    assert partner is not None
    assert partner.state == "stopped", "at once where it was done"


def judged(check: Any) -> str:
    """What the developer is told; empty where nothing is wrong."""
    try:
        check()
    except PartnerRegistrationError as error:
        return error.public
    return ""
