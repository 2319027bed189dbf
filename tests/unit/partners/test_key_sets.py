"""A partner's key set is judged by the same code that will use it (R-15)."""

from __future__ import annotations

import pytest

from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.rules import check_jwks
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
