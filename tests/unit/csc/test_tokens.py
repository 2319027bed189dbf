"""Codes and tokens of the partner protocol's form, and token requests."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from ipse.csc.errors import CscError, InvalidRequest, InvalidToken
from ipse.csc.model import Asked, Scope, Version
from ipse.csc.rules import tokens
from ipse.standards.oauth import challenge_of
from tests.unit.csc.asking import NOW, account_token

KEY = bytes(range(32))
ONE, TWO = Version.ONE, Version.TWO


@pytest.mark.parametrize(("scope", "word"), [(Scope.SERVICE, "Bearer"), (Scope.CREDENTIAL, "SAD")])
def test_a_code_of_version_1_is_the_hexadecimal_form_of_a_uuid_and_a_word(scope: Scope, word: str) -> None:
    code = tokens.code(KEY, "round", ONE, scope)
    assert re.fullmatch(
        rf"[0-9a-f]{{8}}-[0-9a-f]{{4}}-4[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}\|{word}",
        bytes.fromhex(code).decode(),
    )
    assert code == tokens.code(KEY, "round", ONE, scope)
    assert code != tokens.code(KEY, "other", ONE, scope)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_says_what_the_partner_protocol_has(scope: Scope) -> None:
    claims = tokens.Claims(token_id="id", subject="s" * 36, stamp="st", expires=NOW, scope=scope)
    token = tokens.build(KEY, claims)
    tokens.check_form(KEY, token)
    header, payload = (json.loads(urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    assert header == {"alg": "HS256", "typ": "JWT"}
    said = {"iss": "csc_api", "aud": "csc_api", "sub": "id", "name": "s" * 36, "SecurityStamp": "st", "exp": NOW}
    assert payload == said | ({"Credential": "true"} if scope is Scope.CREDENTIAL else {})


@pytest.mark.parametrize("token", ["", "x", account_token(KEY), account_token(tokens.tokens_key(KEY))])
def test_tokens_of_others_are_none(token: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.check_form(KEY, token)


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer a b", ""])
def test_a_malformed_header_is_named(header: str) -> None:
    with pytest.raises(InvalidRequest, match="Malformed authorization header"):
        tokens.sent(header)


REFUSED = [
    (ONE, {"grant_type": None}, "invalid_request", "Missing parameter grant_type"),
    (ONE, {"grant_type": "refresh_token"}, "invalid_request", "Invalid parameter grant_type"),
    (TWO, {"grant_type": "client_credentials"}, "unsupported_grant_type", "Invalid parameter grant_type"),
    (ONE, {"code": None}, "invalid_request", "Missing parameter code"),
    (ONE, {"code": 7}, "invalid_grant", "Invalid parameter code"),
    (ONE, {"code": "c" * 257}, "invalid_grant", "Invalid parameter code"),
    (ONE, {"redirect_uri": None}, "invalid_grant", "redirect_uri parameter does not match"),
    (TWO, {"redirect_uri": None, "redirect_url": "u"}, "invalid_grant", "redirect_uri parameter does not match"),
]


@pytest.mark.parametrize(("version", "changes", "code", "words"), REFUSED)
def test_token_requests_are_judged(version: Version, changes: dict[str, Any], code: str, words: str) -> None:
    form = {"grant_type": "authorization_code", "code": "c", "redirect_uri": "u", **changes}
    with pytest.raises(CscError) as refused:
        tokens.read_request(form, version)
    assert (refused.value.code, refused.value.public) == (code, words)


def test_version_1_takes_both_names_of_the_redirect_uri() -> None:
    form = {"grant_type": "authorization_code", "code": "c", "redirect_url": "u"}
    assert tokens.read_request(form, ONE).redirect_uri == "u"


def test_pkce_fits_or_the_code_is_worth_nothing() -> None:
    verifier = "v" * 43
    asked = Asked(redirect_uri="u", code_challenge=challenge_of(verifier))
    good = tokens.TokenRequest(code="c", redirect_uri="u", code_verifier=verifier)
    tokens.check_fits(good, asked)
    for wrong in ("w" * 43, None):
        with pytest.raises(CscError) as refused:
            tokens.check_fits(tokens.TokenRequest(code="c", redirect_uri="u", code_verifier=wrong), asked)
        assert refused.value.public == "Invalid parameter code_verifier"
    with pytest.raises(CscError, match="redirect_uri parameter does not match"):
        tokens.check_fits(tokens.TokenRequest(code="c", redirect_uri="other", code_verifier=verifier), asked)
