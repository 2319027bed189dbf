"""A partner's key set is judged by the same code that will use it (R-15)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import NO_CATALOGUE, AuthMethod, Partner, Preset, preset_algorithms
from ipse.partners.rules.contracts import check_contract
from ipse.partners.rules.registration import check_algorithms, check_jwks
from ipse.standards import jose

SIGNS, ENCRYPTS = jose.new_private_jwk("ES256"), jose.new_private_jwk("ECDH-ES")


def test_a_sound_set() -> None:
    check_jwks({"keys": [jose.public_jwk(SIGNS), jose.public_jwk(ENCRYPTS)]})


def test_private_keys_are_handed_back() -> None:
    with pytest.raises(PartnerRegistrationError, match="private"):
        check_jwks({"keys": [SIGNS, jose.public_jwk(ENCRYPTS)]})


def test_a_point_off_the_curve() -> None:
    public = jose.public_jwk(SIGNS)
    with pytest.raises(PartnerRegistrationError, match="curve"):
        check_jwks({"keys": [public | {"y": public["x"]}, jose.public_jwk(ENCRYPTS)]})


def partner(kty: str, method: AuthMethod, **agreed: str) -> Partner:
    keys = {"EC": ENCRYPTS, "RSA": jose.new_private_jwk("RSA-OAEP-256")}
    algorithms = preset_algorithms(Preset.NEW, method, encryption_key_type=kty)
    by_key = method is AuthMethod.PRIVATE_KEY_JWT
    return Partner(
        partner_id="shop",
        name="Shop",
        state="active",
        auth_method=method,
        jwks={"keys": [jose.public_jwk(SIGNS), jose.public_jwk(keys[kty])]} if by_key else None,
        algorithms=replace(algorithms, **agreed),
    )


def test_every_preset_can_be_kept() -> None:
    check_algorithms(partner("EC", AuthMethod.PRIVATE_KEY_JWT))
    check_algorithms(partner("RSA", AuthMethod.PRIVATE_KEY_JWT))
    check_algorithms(partner("RSA", AuthMethod.CLIENT_SECRET_POST))


@pytest.mark.parametrize(
    ("kty", "method", "alg"),
    [
        ("EC", AuthMethod.PRIVATE_KEY_JWT, "RSA-OAEP-256"),
        ("RSA", AuthMethod.PRIVATE_KEY_JWT, "ECDH-ES"),
        ("RSA", AuthMethod.PRIVATE_KEY_JWT, "dir"),
        ("RSA", AuthMethod.CLIENT_SECRET_POST, "RSA-OAEP-256"),
        ("EC", AuthMethod.PRIVATE_KEY_JWT, "RSA1_5"),
    ],
)
def test_what_cannot_be_kept_is_not_agreed(kty: str, method: AuthMethod, alg: str) -> None:
    for answer in ("id_token", "userinfo", "authorization"):
        agreed = {f"{answer}_encrypted_response_alg": alg, f"{answer}_encrypted_response_enc": "A256GCM"}
        with pytest.raises(PartnerRegistrationError, match="cannot be encrypted"):
            check_algorithms(partner(kty, method, **agreed))


def test_signed_answers_are_encrypted_with_both_algorithms_or_not_at_all() -> None:
    for half in (
        {"authorization_encrypted_response_alg": "ECDH-ES"},
        {"authorization_encrypted_response_enc": "A256GCM"},
    ):
        with pytest.raises(PartnerRegistrationError, match="an alg and an enc"):
            check_algorithms(partner("EC", AuthMethod.PRIVATE_KEY_JWT, **half))


def test_a_contract_says_required_or_voluntary() -> None:
    check_contract({"given_name": "required", "email": "voluntary"}, NO_CATALOGUE)
    with pytest.raises(PartnerRegistrationError, match="given_name"):
        check_contract({"given_name": "Required"}, NO_CATALOGUE)
