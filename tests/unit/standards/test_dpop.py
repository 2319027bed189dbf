"""Proofs of possession: the RFC's own examples, proofs made by joserfc, and what is none (R-33)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from ipse.standards import dpop

THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
# RFC 9449 §4.1 and §7.1, with the key whose thumbprint §6.1 gives.
_KEY_IN_HEADER = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
)
AT_TOKEN_ENDPOINT = (
    f"{_KEY_IN_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29t"
    "L3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37x"
    "RZT3Lg"
)
AT_RESOURCE = (
    f"{_KEY_IN_HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9y"
    "Zy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFF"
    "byJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
ACCESS_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

EC, RSA = ECKey.generate_key("P-256"), RSAKey.generate_key(2048)
CLAIMS: dict[str, Any] = {"jti": "j", "htm": "POST", "htu": "https://id.example/v2/token", "iat": 1_790_000_000}


def proof(*, key: Any = EC, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A good proof with changes; None leaves a claim or header member out."""
    good: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    head = {name: value for name, value in (good | (header or {})).items() if value is not None}
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jws.serialize_compact(head, json.dumps(claims), key, algorithms=[head.get("alg", "ES256")])


def test_the_proof_of_a_token_request() -> None:
    read = dpop.read_proof(AT_TOKEN_ENDPOINT)
    assert (read.thumbprint, read.identifier, read.method) == (THUMBPRINT, "-BwC3ESc6acc2lTc", "POST")
    assert (read.address, read.issued_at) == ("https://server.example.com/token", 1_562_262_616)
    assert (read.token_hash, read.nonce) == (None, None)


def test_the_proof_of_a_resource_request() -> None:
    read = dpop.read_proof(AT_RESOURCE)
    assert (read.thumbprint, read.identifier) == (THUMBPRINT, "e1j3V_bKic8-LAEB")
    assert dpop.token_hash(ACCESS_TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
    assert dpop.fits_token(read, ACCESS_TOKEN)
    assert not dpop.fits_token(read, ACCESS_TOKEN + "x")
    assert not dpop.fits_token(dpop.read_proof(AT_TOKEN_ENDPOINT), ACCESS_TOKEN)


def test_a_proof_by_another_library() -> None:
    read = dpop.read_proof(proof(nonce="n", ath="a", iat=1.5, extra={}))
    assert read.thumbprint == EC.thumbprint()
    assert (read.nonce, read.token_hash, read.issued_at) == ("n", "a", 1.5)
    assert dpop.read_proof(proof(header={"typ": "application/dpop+jwt"})) == dpop.read_proof(proof())


REFUSED: dict[str, dict[str, Any]] = {
    "no type": {"header": {"typ": None}},
    "a client assertion": {"header": {"typ": "JWT"}},
    "an access token": {"header": {"typ": "at+jwt"}},
    "a request object": {"header": {"typ": "oauth-authz-req+jwt"}},
    "no key": {"header": {"jwk": None}},
    "a private key": {"header": {"jwk": EC.as_dict(private=True)}},
    "another key": {"header": {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}},
    "a key to encrypt with": {"header": {"jwk": {**EC.as_dict(private=False), "use": "enc"}}},
    "a symmetric key": {"header": {"jwk": {"kty": "oct", "k": "AAAA"}}},
    "a shared secret": {
        "key": OctKey.import_key("x" * 32),
        "header": {"alg": "HS256", "jwk": EC.as_dict(private=False)},
    },
    "RS256": {"key": RSA, "header": {"alg": "RS256", "jwk": RSA.as_dict(private=False)}},
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "a number as jti": {"jti": 1},
    "a long jti": {"jti": "x" * 256},
    "no htm": {"htm": None},
    "no htu": {"htu": None},
    "no iat": {"iat": None},
    "a text as iat": {"iat": "now"},
    "true as iat": {"iat": True},
    "a number as ath": {"ath": 1},
    "a number as nonce": {"nonce": 1},
    "a long nonce": {"nonce": "n" * 256},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(dpop.DPoPError):
        dpop.read_proof(proof(**changes))


def test_what_is_no_token_at_all() -> None:
    good = proof()
    unsigned = good.rpartition(".")[0] + "."
    tampered = good[:-8] + ("AAAAAAAA" if good[-8:] != "AAAAAAAA" else "BBBBBBBB")
    for text in (
        "",
        "x",
        "a.b.c",
        "é",
        good + ".",
        unsigned,
        tampered,
        good + " ",
        " " * 9000,
        proof(extra="x" * 8192),
    ):
        with pytest.raises(dpop.DPoPError):
            dpop.read_proof(text)


ADDRESS = "https://id.example/v2/token"


@pytest.mark.parametrize(
    "written",
    [ADDRESS, "HTTPS://ID.example/v2/token", "https://id.example:443/v2/token", ADDRESS + "?a=b#c"],
)
def test_the_same_address(written: str) -> None:
    assert dpop.same_address(written, ADDRESS)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "http://id.example/v2/token",
        "https://id.example:8443/v2/token",
        "https://id.example/v2/token/",
        "https://id.example/V2/token",
        "https://id.example/v2/%74oken",
        "https://id.example/v2/../v2/token",
        "https://id.example.evil.example/v2/token",
        "https://id.example@evil.example/v2/token",
        "https://user@id.example/v2/token",
        "//id.example/v2/token",
        "/v2/token",
        "https://id.example:99999/v2/token",
        "https://[id.example/v2/token",
    ],
)
def test_another_address(written: str) -> None:
    assert not dpop.same_address(written, ADDRESS)


def test_reading_is_quick() -> None:
    """It comes before anybody has proven anything."""
    text = proof()
    begin = time.process_time()
    for _ in range(200):
        dpop.read_proof(text)
    assert time.process_time() - begin < 1
