"""What tokens say, each value where it was asked for (partner protocol 1.6, 1.10)."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.kernel.clock import SECOND
from ipse.oidc.errors import InvalidGrant
from ipse.oidc.model import Requested
from ipse.oidc.rules.tokens import Approved, Speaker, check_subject, id_token, may_fetch_picture, userinfo
from tests.unit.oidc.partners import PREFIX, VOCABULARY

SPEAKER = Speaker("https://id.example/v2", VOCABULARY, "https://id.example/v2/picture")
NOW = 1_790_000_000 * SECOND + 999_999
RELEASED: dict[str, Any] = {
    "given_name": "Ada",
    "BENationalNumber": "99060427181",
    "picture": {"format": "image/jpeg", "value": "aW1hZ2U="},
    "age_gte_18": False,
}


def approved(released: dict[str, Any] | None = None, **requested: Any) -> Approved:
    return Approved(
        partner_id="shop",
        subject="s" * 36,
        requested=Requested(door="oidc", redirect_uri="https://shop.example/", **requested),
        released=RELEASED if released is None else released,
        assurance="advanced",
        approved_at=NOW - 5 * SECOND,
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
