"""OAuth on the wire (RFC 6749, 6750, 7617, 7636)."""

from __future__ import annotations

from base64 import b64encode

import pytest

from ipse.standards import oauth

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_pkce_vector() -> None:
    """RFC 7636 appendix B."""
    assert oauth.challenge_of(VERIFIER) == CHALLENGE
    oauth.check_verifier(VERIFIER, CHALLENGE)
    oauth.check_verifier(None, None)


@pytest.mark.parametrize(
    ("verifier", "challenge"),
    [
        (VERIFIER[:-1] + "x", CHALLENGE),
        (None, CHALLENGE),
        (VERIFIER, None),
        (VERIFIER + "\n", CHALLENGE),
        ("short", oauth.challenge_of("short")),
        ("x" * 129, oauth.challenge_of("x" * 129)),
        ("é" * 43, oauth.challenge_of("é" * 43)),
        (CHALLENGE, CHALLENGE),
    ],
)
def test_verifier_refused(verifier: str | None, challenge: str | None) -> None:
    """R-23: wrong, missing on either side, wrong form, plain."""
    with pytest.raises(oauth.OAuthFormError):
        oauth.check_verifier(verifier, challenge)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://x.example/cb", "https://x.example/cb?code=a%20b%26c&state=%C3%A9%3D"),
        ("https://x.example/cb?a=1", "https://x.example/cb?a=1&code=a%20b%26c&state=%C3%A9%3D"),
        ("https://x.example/cb?", "https://x.example/cb?&code=a%20b%26c&state=%C3%A9%3D"),
    ],
)
def test_parameters_are_added_to_a_redirect_uri(uri: str, expected: str) -> None:
    assert oauth.with_parameters(uri, {"code": "a b&c", "state": "é=", "nothing": None}) == expected


@pytest.mark.parametrize("header", ["Bearer abc", "bearer  a.b-c_d~e+f/g==", "BEARER x"])
def test_bearer(header: str) -> None:
    assert oauth.bearer_token(header) == header.split()[1]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a,b", "DPoP abc", "Bearer a\n"]
)
def test_not_bearer(header: str) -> None:
    with pytest.raises(oauth.OAuthFormError):
        oauth.bearer_token(header)


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def test_basic() -> None:
    assert oauth.basic_credentials(None) is None
    assert oauth.bearer_token(None) is None
    assert oauth.basic_credentials(basic("shop:a:b")) == ("shop", "a:b")
    assert oauth.basic_credentials(basic("sh%20op:%C3%A9+x")) == ("sh op", "é x")
    for wrong in ("Bearer x", "Basic !", basic("nocolon"), "Basic " + b64encode(b"\xff:\xff").decode()):
        with pytest.raises(oauth.OAuthFormError):
            oauth.basic_credentials(wrong)


def test_challenge() -> None:
    assert oauth.challenge_header("Bearer") == "Bearer"
    assert oauth.challenge_header("Bearer", realm="x", error="y") == 'Bearer realm="x", error="y"'
