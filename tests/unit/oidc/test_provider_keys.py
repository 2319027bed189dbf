"""The provider's keys over a rotation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from ipse.kernel.keystore import HeldKeys, unchanging
from ipse.oidc.rules.provider import ASSERTION_ALGORITHMS
from ipse.oidc.service.keys import ProviderKeys
from ipse.partners.model import Partner
from ipse.standards import jose
from tests.unit.oidc.partners import partner


@dataclass(frozen=True)
class Kept:
    """A keystore with just these keys."""

    keys: Sequence[Mapping[str, str]]

    def working_key(self, use: str) -> bytes:
        raise KeyError(use)

    def signing_keys(self, use: str) -> Sequence[Mapping[str, str]]:
        return self.keys if use == "oidc" else ()

    def held_keys(self, use: str) -> HeldKeys:
        return unchanging(self.signing_keys(use))


ALGORITHMS = ("ES256", "RS256", "RSA-OAEP-256")
OLD, NEW = ([jose.new_private_jwk(alg, kid=f"{age} {alg}") for alg in ALGORITHMS] for age in ("old", "new"))


def test_the_current_key_signs_and_the_old_one_stays_published() -> None:
    keys = ProviderKeys.from_keystore(Kept([*NEW, *OLD]))
    assert {alg: key.kid for alg, key in keys.signing.items()} == {"ES256": "new ES256", "RS256": "new RS256"}
    published = json.loads(keys.published)["keys"]
    assert [key["kid"] for key in published] == [jwk["kid"] for jwk in [*NEW, *OLD]]
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {name for key in published for name in key}


@pytest.mark.parametrize("age", ["old", "new"])
async def test_what_was_encrypted_to_either_key_opens(age: str) -> None:
    keys = ProviderKeys.from_keystore(Kept([*NEW, *OLD]))
    receiver = next(key for key in keys.decryption if key.kid.startswith(age)).public
    sealed = jose.encrypt(b"inside", receiver, alg="RSA-OAEP-256", enc="A128CBC-HS256")
    assert await keys.open(sealed) == "inside"


async def encryption_key(receiver: Partner, alg: str) -> jose.PublicKey:
    return jose.public_keys(receiver.jwks or {"keys": []}).encryption_key(alg)


async def test_an_answer_that_cannot_be_protected_is_not_made() -> None:
    keys = ProviderKeys.from_keystore(Kept(NEW))
    with pytest.raises(jose.JoseError):
        await keys.protection(partner(), "id_token", encryption_key, None)
    receiver = partner(jwks={"keys": [jose.public_jwk(jose.new_private_jwk("ECDH-ES"))]})
    with pytest.raises(KeyError):
        await ProviderKeys.from_keystore(Kept([])).protection(receiver, "userinfo", encryption_key, None)


@pytest.mark.parametrize("alg", ASSERTION_ALGORITHMS)
def test_an_unknown_partner_meets_a_key_of_each_algorithm(alg: str) -> None:
    """R-35: verifying against it costs as much as against a registered one, and refuses."""
    signer = jose.private_keys([jose.new_private_jwk(alg, kid="anything")])[0]
    token = jose.UnverifiedToken.parse(jose.sign({"sub": "nobody"}, signer, alg=alg))
    stand_in = ProviderKeys.from_keystore(Kept(NEW)).stand_in("anything", alg)
    assert stand_in is not None
    with pytest.raises(jose.JoseError, match="wrong signature"):
        jose.verify(token, stand_in, algorithms={alg}, types={None})


@pytest.mark.parametrize(("kid", "alg"), [(None, "ES256"), ("k", None), ("k", "none"), ("k", "HS256"), (1, 1)])
def test_what_no_partner_signs_with_meets_none(kid: object, alg: object) -> None:
    assert ProviderKeys.from_keystore(Kept(NEW)).stand_in(kid, alg) is None
