"""Which attributes a request may ask for, how, and where they are delivered (T-10; partner protocol 1.3, 1.5, 1.6)."""

from __future__ import annotations

import json

import pytest

from ipse.attributes.model import ATTRIBUTES
from ipse.oidc.errors import OAuthError
from ipse.oidc.model import SCOPES
from ipse.oidc.rules.authorization import requested
from ipse.partners.model import ServiceType
from tests.unit.oidc.partners import PREFIX, VOCABULARY, judged, service

SCOPE = "openid service:SHOP_LOGIN "


def asking(where: str, **how: object) -> str:
    return json.dumps({where: {VOCABULARY.claim(name): value for name, value in how.items()}})


@pytest.mark.parametrize("left_out", ATTRIBUTES)
@pytest.mark.parametrize("way", ["id_token", "userinfo", "scope"])
def test_nothing_beyond_the_contract_by_any_way(left_out: str, way: str) -> None:
    """T-10: every attribute, asked by every way, where the contract holds all others."""
    narrow = service(contract={name: "voluntary" for name in ATTRIBUTES if name != left_out})
    if way != "scope":
        with pytest.raises(OAuthError) as refusal:
            judged(narrow, claims=asking(way, **{left_out: None}))
        assert refusal.value.code == "invalid_scope"
        return
    for scope in ATTRIBUTES[left_out].scopes:
        with pytest.raises(OAuthError) as refusal:
            judged(narrow, scope=SCOPE + scope)
        assert refusal.value.code == "invalid_scope"


@pytest.mark.parametrize("name", ATTRIBUTES)
@pytest.mark.parametrize("where", ["id_token", "userinfo"])
def test_each_attribute_of_the_contract_can_be_asked_by_claims(name: str, where: str) -> None:
    narrow = service(contract={name: "required"})
    kept = requested(judged(narrow, claims=asking(where, **{name: None})))
    assert (kept.id_token, kept.userinfo) == (((name,), ()) if where == "id_token" else ((), (name,)))


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes_deliver_by_userinfo_only(scope: str) -> None:
    kept = requested(judged(scope=SCOPE + scope))
    assert kept.id_token == ()
    assert set(kept.userinfo) == set(SCOPES[scope]) != set()


def test_the_published_scopes() -> None:
    """Partner protocol 1.5."""
    assert set(SCOPES["profile"]) == {
        "family_name", "given_name", "name", "gender", "locale", "picture", "birthdate",
    }  # fmt: skip
    assert set(SCOPES["email"]) == {"email", "email_verified"}
    assert set(SCOPES["phone"]) == {"phone_number", "phone_number_verified"}
    assert SCOPES["address"] == ("address",)
    assert set(SCOPES["eid"]) == {"BENationalNumber", "BEeidSn"}
    assert set(SCOPES["idDocument"]) == {
        "IDDocumentSN", "IDDocumentType", "IDIssuingCountry", "validityFrom", "validityTo",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("in_contract", "how", "required"),
    [
        ("required", None, True),
        ("required", {"essential": True}, True),
        ("required", {"essential": False}, False),
        ("required", {"value": "x"}, True),
        ("voluntary", None, False),
        ("voluntary", {"essential": True}, False),
        ("voluntary", {"essential": False}, False),
    ],
)
def test_essential_counts_only_within_the_contract(in_contract: str, how: object, required: bool) -> None:
    at = service(contract={"given_name": in_contract})
    assert judged(at, claims=asking("userinfo", given_name=how)).asked == {"given_name": required}


def test_essential_in_one_place_outweighs_the_other() -> None:
    both = {"id_token": {"name": {"essential": False}}, "userinfo": {"name": {"essential": True}}}
    assert judged(claims=json.dumps(both)).asked == {"name": True}


def test_a_scope_and_a_claim_for_one_attribute() -> None:
    kept = judged(scope=SCOPE + "email", claims=asking("id_token", email={"essential": False}))
    assert kept.asked == {"email": False, "email_verified": True}
    assert (kept.in_id_token, kept.in_userinfo) == (("email",), ("email", "email_verified"))


@pytest.mark.parametrize("kind", [ServiceType.IDENTIFICATION, ServiceType.DATA_SHARING])
def test_an_identification_and_a_sharing_of_data_ask_for_something(kind: ServiceType) -> None:
    """Partner protocol 1.3."""
    identification = service(type=kind)
    for nothing in ({}, {"claims": '{"userinfo":{"unknown":null,"sub":null}}'}):
        with pytest.raises(OAuthError) as refusal:
            judged(identification, **nothing)
        assert refusal.value.code == "invalid_request"
    assert judged(identification, scope=SCOPE + "email").asked
    assert judged(identification, claims=asking("id_token", birthdate=None)).asked


@pytest.mark.parametrize("how", [{"value": "Ada"}, {"values": ["Ada", "Bram"], "essential": True}])
def test_a_value_asked_of_an_attribute_changes_nothing(how: dict[str, object]) -> None:
    """OpenID Connect Core §5.5.1: a wish; the partner compares what it receives."""
    with_value, without = (
        judged(claims=asking("id_token", given_name=how)),
        judged(claims=asking("id_token", given_name=None)),
    )
    assert (with_value.asked, requested(with_value)) == (without.asked, requested(without))


def test_both_spellings_of_the_prefix_ask_for_the_same() -> None:
    """Partner protocol 1.4 (e): partners copied a capital V2."""
    claims = {"userinfo": {"http://itsme.services/V2/claim/BENationalNumber": None, PREFIX + "place_of_birth": None}}
    assert judged(claims=json.dumps(claims)).in_userinfo == ("BENationalNumber", "place_of_birth")


def test_both_names_of_the_slovenian_number() -> None:
    """Partner protocol, section 6: accept both, emit SI."""
    claims = {"userinfo": {PREFIX + "SVNationalNumber": None, PREFIX + "SINationalNumber": None}}
    assert judged(claims=json.dumps(claims)).in_userinfo == ("SINationalNumber",)


@pytest.mark.parametrize(
    "claim",
    [
        "BENationalNumber",
        PREFIX + "given_name",
        PREFIX,
        PREFIX + "benationalnumber",
        "http://other.example/claim/BENationalNumber",
        "Given_name",
        "",
    ],
)
def test_other_names_are_ignored(claim: str) -> None:
    assert judged(claims=json.dumps({"id_token": {claim: {"essential": True}}})).asked == {}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_names_on_the_wire_lead_back(name: str) -> None:
    assert VOCABULARY.attribute(VOCABULARY.claim(name)) == name
    assert VOCABULARY.claim(name) == (PREFIX + name if ATTRIBUTES[name].prefixed else name)
