"""Account tokens: good ones under both keys, and hostile ones."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ipse.csc.errors import InvalidRequest
from ipse.csc.rules.account_tokens import AGE_SECONDS, read_account
from tests.unit.csc.asking import NOW, PARTNER, SECRET, account_token


def read(token: str) -> str:
    return read_account(token, SECRET, partner_id=PARTNER, now=NOW)


@pytest.mark.parametrize("key", [SECRET.encode(), hashlib.sha256(SECRET.encode()).digest()])
def test_the_key_is_the_secret_or_its_digest(key: bytes) -> None:
    assert read(account_token(key, iss="https://notary.example", exp=NOW + 60)) == "ada"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c",
        "ä.b.c",
        account_token(b"another secret"),
        account_token(hashlib.sha256(SECRET.encode()).hexdigest().encode()),
        account_token(b""),
        account_token(header={"alg": "none"}),
        account_token(header={"alg": "HS512"}),
        account_token(header={"alg": "RS256"}),
        account_token(header={"alg": "HS256", "typ": "at+jwt"}),
        account_token(header={"alg": "HS256", "crit": ["x"], "x": 1}),
        account_token(header={"alg": "HS256", "b64": False}),
        account_token().rpartition(".")[0] + ".",
        account_token() + "=",
        account_token(note="x" * 4096),
    ],
)
def test_another_form_or_key_is_no_account_token(token: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(token)
    assert refused.value.public == "Invalid parameter account_token"


@pytest.mark.parametrize(
    "changes",
    [
        {"azp": None},
        {"azp": "another"},
        {"azp": [PARTNER]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a" * 256},
        {"sub": "a\x00b"},
        {"jti": None},
        {"jti": {}},
        {"iss": 5},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": NOW + 61},
        {"iat": NOW - AGE_SECONDS - 61},
        {"exp": NOW - 61},
        {"exp": "never"},
    ],
)
def test_every_claim_is_judged(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(account_token(**changes))
    assert refused.value.public == "Invalid parameter account_token"
    assert refused.value.check == "read_account"
