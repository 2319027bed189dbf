"""Every check of a new session refuses what it is for, and nothing else (T-10, T-11, R-20)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from ipse.broker.errors import SessionRefused
from ipse.broker.model import CallbackUrls, Caller, Flow, NewSession
from ipse.broker.rules.names import NATIONAL_NUMBERS, attributes_of, claim
from ipse.broker.rules.requests import SESSION_CHECKS, Candidate, asked_attributes, check_session
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms

PREFIX = "http://itsme.services/v2/claim/"
BACK = "https://desk.example/back"
CALLBACKS = CallbackUrls(success=BACK, abort=BACK, error=BACK)
_METHOD = AuthMethod.PRIVATE_KEY_JWT
DESK = Partner(
    partner_id="desk",
    name="Desk",
    state="active",
    auth_method=_METHOD,
    jwks=None,
    algorithms=preset_algorithms(Preset.NEW, _METHOD, encryption_key_type="EC"),
    broker=True,
)
MUSEUM = msgspec.structs.replace(DESK, partner_id="museum", name="Museum", broker=False, registered_by="desk")
SERVICE = Service(
    code="MUSEUM_CARD",
    partner_id="desk",
    type=ServiceType.IDENTIFICATION,
    state="active",
    name={},
    purpose={},
    redirect_uris=("https://desk.example/login",),
    contract={"given_name": "required", "email": "voluntary", "BENationalNumber": "voluntary"},
    callback_urls=(BACK,),
    final_partner="museum",
)
GOOD = Candidate(
    request=NewSession(service="MUSEUM_CARD", requested_attributes=("firstName", "email"), callback_urls=CALLBACKS),
    caller=Caller(DESK),
    service=SERVICE,
    final=MUSEUM,
    prefix=PREFIX,
    can_encrypt=False,
)


def _request(**changes: object) -> Candidate:
    return replace(GOOD, request=msgspec.structs.replace(GOOD.request, **changes))


def _service(**changes: object) -> Candidate:
    return replace(GOOD, service=msgspec.structs.replace(SERVICE, **changes))


def _final(**changes: object) -> Candidate:
    return replace(GOOD, final=msgspec.structs.replace(MUSEUM, **changes))


def _callbacks(**changes: str) -> Candidate:
    return _request(callback_urls=msgspec.structs.replace(CALLBACKS, **changes))


HOSTILE: dict[str, list[Candidate]] = {
    "check_service": [replace(GOOD, service=None), _service(partner_id="rival"), _service(state="stopped")],
    "check_service_type": [_service(type=ServiceType.CONFIRMATION), _service(type=ServiceType.SIGNING)],
    "check_final_partner": [
        replace(GOOD, final=None),
        _final(state="stopped"),
        _final(registered_by="rival"),
        _final(registered_by=""),
        _final(partner_id="library"),
        _request(final_partner="library"),
        replace(GOOD, caller=Caller(msgspec.structs.replace(DESK, broker=False))),
    ],
    "check_profile": [
        _service(profile="fapi2"),
        _service(profile="fapi2", message_signing=True),
        replace(_service(profile="fapi2", message_signing=True), caller=Caller(DESK, bound=True)),
        replace(_service(profile="fapi2"), caller=Caller(DESK, bound=True, signed=True, alg="RS256")),
    ],
    "check_callbacks": [
        _request(callback_urls=msgspec.UNSET),
        _request(flow=Flow.HEADLESS),
        _callbacks(success=BACK + "/"),
        _callbacks(abort=BACK.upper()),
        _callbacks(error=BACK + "?a=1"),
        # A redirect URI is no callback URL.
        _callbacks(success="https://desk.example/login"),
    ],
    "check_subject_hint": [_request(subject="a" * 36)],
    "check_attributes": [
        _request(requested_attributes=("shoeSize",)),
        _request(requested_attributes=("firstName", "lastName")),
        _request(requested_attributes=(PREFIX + "place_of_birth",)),
        _request(requested_attributes=("RONationalNumber",)),
        replace(_service(contract={"given_name": "required"}), request=_request(requested_attributes=("nin",)).request),
    ],
    "check_something_is_asked": [
        _request(requested_attributes=()),
        replace(_service(type=ServiceType.DATA_SHARING), request=_request(requested_attributes=()).request),
    ],
    "check_encryption": [_request(encrypt_result=True)],
}


def test_a_good_session_passes() -> None:
    check_session(GOOD)
    check_session(_request(final_partner="museum"))
    check_session(replace(_request(encrypt_result=True), can_encrypt=True))
    check_session(_request(flow=Flow.HEADLESS, callback_urls=msgspec.UNSET, subject="a" * 36))
    check_session(replace(_service(profile="fapi2"), caller=Caller(DESK, bound=True)))
    signed = Caller(DESK, bound=True, signed=True)
    check_session(replace(_service(profile="fapi2", message_signing=True), caller=signed))
    own = msgspec.structs.replace(SERVICE, final_partner="", type=ServiceType.AUTHENTICATION)
    check_session(replace(GOOD, service=own, final=DESK, request=_request(requested_attributes=()).request))


@pytest.mark.parametrize("check", SESSION_CHECKS, ids=lambda check: check.__name__)
def test_every_check_has_hostile_cases_and_names_itself(check: Callable[[Candidate], None]) -> None:
    for candidate in HOSTILE[check.__name__]:
        with pytest.raises(SessionRefused) as refused:
            check_session(candidate)
        assert refused.value.check == check.__name__
        assert 400 <= refused.value.status < 500


def test_attributes_are_required_where_the_contract_says_so() -> None:
    candidate = _request(requested_attributes=("email", "nin", PREFIX.upper() + "BENationalNumber", "given_name"))
    assert asked_attributes(candidate) == {"email": False, "BENationalNumber": False, "given_name": True}


def test_names_of_attributes() -> None:
    contract = ("BENationalNumber", "RONationalNumber")
    assert attributes_of("nin", PREFIX, contract) == ("BENationalNumber", "RONationalNumber")
    assert attributes_of("nin", PREFIX, ()) == NATIONAL_NUMBERS[:1]
    assert attributes_of("dateOfBirth", PREFIX, contract) == ("birthdate",)
    assert attributes_of("SVNationalNumber", PREFIX, contract) == ("SINationalNumber",)
    assert attributes_of("sub", PREFIX, contract) == ()
    assert claim("birthdate", PREFIX) == "birthdate"
    assert claim("place_of_birth", PREFIX) == PREFIX + "place_of_birth"
