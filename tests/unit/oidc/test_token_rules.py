"""What tokens say, each value where it was asked for (partner protocol 1.6, 1.10)."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.actions.model import Content, FreeText, Payment
from ipse.kernel.clock import SECOND
from ipse.oidc.errors import InvalidGrant, ServerError
from ipse.oidc.model import Requested
from ipse.oidc.rules.details import contents_of, digest_of
from ipse.oidc.rules.tokens import (
    Approved,
    Speaker,
    check_confirmed,
    check_subject,
    id_token,
    may_fetch_picture,
    userinfo,
)
from tests.unit.oidc.partners import PREFIX, VOCABULARY

SPEAKER = Speaker("https://id.example/v2", VOCABULARY, "https://id.example/v2/picture")
NOW = 1_790_000_000 * SECOND + 999_999
RELEASED: dict[str, Any] = {
    "given_name": "Ada",
    "BENationalNumber": "99060427181",
    "picture": {"format": "image/jpeg", "value": "aW1hZ2U="},
    "age_gte_18": False,
}


def approved(
    released: dict[str, Any] | None = None, signed: dict[str, Any] | None = None, **requested: Any
) -> Approved:
    return Approved(
        partner_id="shop",
        subject="s" * 36,
        requested=Requested(door="oidc", redirect_uri="https://shop.example/", **requested),
        released=RELEASED if released is None else released,
        assurance="advanced",
        approved_at=NOW - 5 * SECOND,
        **(signed or {}),
    )


def test_the_id_token_without_attributes() -> None:
    assert id_token(SPEAKER, approved(nonce="n", userinfo=tuple(RELEASED)), now=NOW) == {
        "iss": "https://id.example/v2",
        "sub": "s" * 36,
        "aud": "shop",
        "iat": 1_790_000_000,
        "exp": 1_790_000_300,
        "auth_time": 1_789_999_995,
        "acr": PREFIX + "acr_advanced",
        "nonce": "n",
    }


def test_no_nonce_where_none_was_sent() -> None:
    assert "nonce" not in id_token(SPEAKER, approved(), now=NOW)


def test_each_value_comes_where_it_was_asked_for() -> None:
    asked = approved(id_token=("BENationalNumber", "age_gte_18"), userinfo=("given_name", "picture"))
    token, answer = id_token(SPEAKER, asked, now=NOW), userinfo(SPEAKER, asked, now=NOW)
    assert (token[PREFIX + "BENationalNumber"], token["age_gte_18"]) == ("99060427181", False)
    assert (answer["given_name"], answer["picture"]) == ("Ada", "https://id.example/v2/picture")
    assert not {"given_name", "picture"} & token.keys()
    assert not {PREFIX + "BENationalNumber", "age_gte_18", "nonce"} & answer.keys()
    assert answer["sub"] == token["sub"]


def test_what_was_declined_is_absent_everywhere() -> None:
    asked = approved({}, id_token=("given_name",), userinfo=("given_name", "picture"))
    assert "given_name" not in id_token(SPEAKER, asked, now=NOW)
    assert userinfo(SPEAKER, asked, now=NOW).keys() == {"iss", "sub", "aud", "iat", "exp"}


def test_metadata_are_keyed_by_the_claims_they_speak_of() -> None:
    """Partner protocol 1.6: by the names the partner asks by, with the prefix where a claim has it."""
    released = {
        "verificationDate": {"birthdate": "2026-01-02T03:04:05Z", "BENationalNumber": "2026-01-02T03:04:05Z"},
        "validityTo": {"BEeidSn": "2031-01-01T00:00:00Z"},
        "place_of_birth": {"city": "Gent"},
    }
    answer = userinfo(SPEAKER, approved(released, userinfo=tuple(released)), now=NOW)
    assert answer[PREFIX + "verificationDate"].keys() == {"birthdate", PREFIX + "BENationalNumber"}
    assert answer[PREFIX + "validityTo"] == {PREFIX + "BEeidSn": "2031-01-01T00:00:00Z"}
    assert answer[PREFIX + "place_of_birth"] == {"city": "Gent"}


def test_released_but_not_asked_is_not_delivered() -> None:
    assert userinfo(SPEAKER, approved(), now=NOW).keys() == {"iss", "sub", "aud", "iat", "exp"}


@pytest.mark.parametrize(
    ("released", "requested", "allowed"),
    [
        (RELEASED, {"userinfo": ("picture",)}, True),
        (RELEASED, {"id_token": ("picture",)}, True),
        (RELEASED, {}, False),
        ({}, {"userinfo": ("picture",)}, False),
    ],
)
def test_the_picture(released: dict[str, Any], requested: dict[str, Any], allowed: bool) -> None:
    assert may_fetch_picture(approved(released, **requested)) is allowed


def test_an_id_token_about_somebody_else_is_not_made() -> None:
    check_subject(approved())
    check_subject(approved(subject="s" * 36))
    with pytest.raises(InvalidGrant):
        check_subject(approved(subject="t" * 36))


TEMPLATE = {
    "claim_approval_template_name": "adv_payment",
    "claim_approval_amount_key": "100",
    "claim_approval_currency_key": "EUR",
    "claim_approval_iban_key": "BE68 5390 0754 7034",
}
SIGNED: tuple[Content, ...] = (Payment(amount="100", currency="EUR", creditor_iban="BE68539007547034"),)
DETAILS: tuple[dict[str, Any], ...] = (
    {
        "type": "payment",
        "instructedAmount": {"currency": "EUR", "amount": "1.50"},
        "creditorName": "A shop",
    },
)


def test_the_values_of_a_template_come_back() -> None:
    """Partner protocol 1.8: in the ID token always, in UserInfo where they were asked there."""
    signed = {"content": SIGNED, "approval_digest": "D"}
    there = approved({}, signed, template=TEMPLATE, template_in=("id_token",))
    check_confirmed(there)
    token = id_token(SPEAKER, there, now=NOW)
    assert {PREFIX + name: value for name, value in TEMPLATE.items()}.items() <= token.items()
    assert token[PREFIX + "approval_digest"] == "D"
    assert userinfo(SPEAKER, there, now=NOW).keys() == {"iss", "sub", "aud", "iat", "exp"}
    here = approved({}, signed, template=TEMPLATE, template_in=("userinfo",))
    assert userinfo(SPEAKER, here, now=NOW)[PREFIX + "claim_approval_amount_key"] == "100"
    assert id_token(SPEAKER, here, now=NOW)[PREFIX + "claim_approval_amount_key"] == "100"


def test_authorization_details_come_back_with_both_digests() -> None:
    """B-41."""
    signed = {"content": contents_of(DETAILS), "content_digest": digest_of(DETAILS), "approval_digest": "D"}
    about = approved({}, signed, authorization_details=DETAILS)
    check_confirmed(about)
    token = id_token(SPEAKER, about, now=NOW)
    assert token["authorization_details"] == list(DETAILS)
    assert token[PREFIX + "authorization_details_digest"] == digest_of(DETAILS)
    assert token[PREFIX + "approval_digest"] == "D"


@pytest.mark.parametrize(
    ("signed", "requested"),
    [
        ({"content": SIGNED}, {"template": TEMPLATE | {"claim_approval_amount_key": "1000"}}),
        ({"content": SIGNED}, {"template": TEMPLATE | {"claim_approval_currency_key": "USD"}}),
        ({"content": SIGNED}, {"template": TEMPLATE | {"claim_approval_iban_key": "NL91ABNA0417164300"}}),
        ({"content": (FreeText(text="x"),)}, {"template": TEMPLATE}),
        ({}, {"template": TEMPLATE}),
        ({"content": SIGNED}, {}),
        ({"content": contents_of(DETAILS), "content_digest": "other"}, {"authorization_details": DETAILS}),
        ({"content": SIGNED, "content_digest": digest_of(DETAILS)}, {"authorization_details": DETAILS}),
        ({"content_digest": digest_of(DETAILS)}, {}),
    ],
)
def test_nothing_but_what_was_signed_is_said_to_be_confirmed(signed: dict[str, Any], requested: dict[str, Any]) -> None:
    """B-41: an amount or payee other than the one signed makes no token."""
    with pytest.raises(ServerError):
        check_confirmed(approved({}, signed, **requested))


@pytest.mark.parametrize(
    ("level", "asked", "acr"),
    [
        ("substantial", {}, PREFIX + "acr_advanced"),
        ("substantial", {"eidas": True}, "http://eidas.europa.eu/LoA/substantial"),
        ("high", {"eidas": True}, "http://eidas.europa.eu/LoA/high"),
        ("low", {"eidas": True}, "http://eidas.europa.eu/LoA/low"),
        ("high", {"eidas": True, "eidas_values": ("low", "substantial")}, "http://eidas.europa.eu/LoA/substantial"),
        ("high", {"eidas": True, "eidas_values": ("substantial", "high")}, "http://eidas.europa.eu/LoA/high"),
    ],
)
def test_acr_is_always_answered_in_the_form_asked(level: str, asked: dict[str, Any], acr: str) -> None:
    assert id_token(SPEAKER, approved({}, {"level": level}, **asked), now=NOW)["acr"] == acr
