"""Which requests may be answered without the phone, and which services may allow it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ipse.kernel.settings import Environment
from ipse.oidc.model import AuthorizationRequest
from ipse.oidc.service.authorizations import new_action
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Service, ServiceType
from ipse.partners.rules.fallbacks import METHODS, check_fallbacks, independent
from ipse.signin.model import Browser
from tests.unit.oidc.partners import VOCABULARY, partner, service

WAYS = ("eid_card", "bank", "sheet")


def asked(**more: Any) -> tuple[tuple[str, ...], str]:
    """What a request offers, and which way it names first."""
    parameters = {"redirect_uri": "https://shop.example/back", **more.pop("parameters", {})}
    request = AuthorizationRequest(
        parameters=parameters,
        partner=partner(),
        service=replace(service(), fallbacks=WAYS),
        vocabulary=VOCABULARY,
        **more,
    )
    begun = new_action(request, Browser("en", b"x" * 32), None).request
    return begun.fallbacks, begun.wished


def test_an_ordinary_request_offers_what_its_service_allows() -> None:
    assert asked() == (WAYS, "")


@pytest.mark.parametrize(
    "demand", [{"phone_essential": True}, {"subject_hint": "x" * 36}, {"source": "backchannel"}], ids=str
)
def test_what_demands_the_phone_or_one_person_offers_nothing(demand: dict[str, Any]) -> None:
    assert asked(**demand) == ((), "")


def test_a_partners_button_names_a_way_that_is_allowed() -> None:
    wished = VOCABULARY.fallback_acr("bank")
    assert asked(parameters={"acr_values": f"{wished} {VOCABULARY.acr('basic')}"}) == (WAYS, "bank")
    assert asked(parameters={"acr_values": VOCABULARY.fallback_acr("totp")}) == (WAYS, "")


def allows(**more: Any) -> Service:
    return replace(service(), **more)


@pytest.mark.parametrize("kind", [ServiceType.CONFIRMATION, ServiceType.SIGNING])
def test_what_is_confirmed_or_signed_needs_the_phone(kind: ServiceType) -> None:
    with pytest.raises(PartnerRegistrationError):
        check_fallbacks(allows(type=kind, fallbacks=("bank",)), Environment.SANDBOX)


@pytest.mark.parametrize("few", [(), ("bank",), ("bank", "totp", "passkey"), ("totp", "passkey")], ids=str)
def test_an_essential_service_without_two_independent_ways_is_refused_in_production(few: tuple[str, ...]) -> None:
    check_fallbacks(allows(essential=True, fallbacks=few), Environment.SANDBOX)
    with pytest.raises(PartnerRegistrationError, match="essential"):
        check_fallbacks(allows(essential=True, fallbacks=few), Environment.PRODUCTION)


def test_two_independent_ways_are_enough() -> None:
    assert independent(METHODS) == ["eid_card", "bank", "sheet"]
    check_fallbacks(allows(essential=True, fallbacks=("bank", "sheet")), Environment.PRODUCTION)


def test_an_unknown_way_is_named_with_those_there_are() -> None:
    with pytest.raises(PartnerRegistrationError, match="eid_card, bank, passkey, totp, sheet"):
        check_fallbacks(allows(fallbacks=("pigeon",)), Environment.SANDBOX)
