"""Each check of a client assertion, alone (R-34, R-17, R-18, C-11)."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.oidc.errors import InvalidClient
from ipse.oidc.rules.assertions import Assertion, check_assertion, usable_until

NOW = 1_790_000_000
ISSUER, ENDPOINT = "https://id.example/v2", "https://id.example/v2/token"
GOOD = {"iss": "shop", "sub": "shop", "aud": ISSUER, "jti": "j", "iat": NOW, "exp": NOW + 60}


def assertion(**changes: Any) -> Assertion:
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return Assertion(claims=claims, partner_id="shop", audiences=frozenset({ISSUER, ENDPOINT}), now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ENDPOINT},
        {"iat": None},
        {"iat": None, "exp": NOW + 300},
        {"iat": NOW + 30},
        {"iat": NOW - 299, "exp": NOW + 3600},
        {"exp": NOW - 59},
        {"exp": NOW + 59.5},
        {"nbf": NOW + 30},
        {"jti": "x" * 255},
        {"extra": {"anything": 1}},
    ],
)
def test_accepted(changes: dict[str, Any]) -> None:
    check_assertion(assertion(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None},
        {"sub": None},
        {"iss": "other"},
        {"sub": "other"},
        {"iss": "Shop", "sub": "Shop"},
        {"iss": "shop ", "sub": "shop "},
        {"iss": ["shop"]},
        {"aud": None},
        {"aud": [ISSUER]},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": ISSUER + "/"},
        {"aud": ENDPOINT + "?x"},
        {"aud": ENDPOINT + "/"},
        {"aud": ISSUER.upper()},
        {"aud": "https://id.example"},
        {"aud": "https://id.example/v2/par"},
        {"exp": None},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"exp": NOW - 60},
        {"exp": NOW - 3600},
        {"iat": NOW - 361, "exp": NOW + 3600},
        {"iat": None, "exp": NOW + 361},
        {"iat": NOW + 31},
        {"iat": "now"},
        {"nbf": NOW + 31},
        {"nbf": []},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 256},
    ],
)
def test_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidClient):
        check_assertion(assertion(**changes))


def test_all_refusals_read_the_same() -> None:
    """R-35."""
    words = set()
    for changes in ({"iss": "x"}, {"aud": "x"}, {"exp": 1}, {"jti": None}):
        with pytest.raises(InvalidClient) as refusal:
            check_assertion(assertion(**changes))
        words.add((refusal.value.code, refusal.value.public, refusal.value.status))
    assert len(words) == 1


@pytest.mark.parametrize("issued", [None, NOW - 300, NOW - 10, NOW, NOW + 30])
@pytest.mark.parametrize("expires", [NOW - 59, NOW, NOW + 1, NOW + 60, NOW + 300, NOW + 3600])
def test_an_id_is_remembered_as_long_as_it_could_be_used(issued: int | None, expires: int) -> None:
    """The record of a used `jti` must not expire before the assertion does."""
    first = assertion(iat=issued, exp=expires)
    until = usable_until(first)
    for later in range(0, 800, 7):
        again = Assertion(claims=first.claims, partner_id="shop", audiences=first.audiences, now=NOW + later)
        try:
            check_assertion(again)
        except InvalidClient:
            continue
        assert NOW + later < until
