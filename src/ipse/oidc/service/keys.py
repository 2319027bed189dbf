"""The provider's own keys: to sign with, to open what partners encrypt, and to publish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import msgspec

from ipse.kernel.keystore import HeldKeys, Keystore
from ipse.oidc.rules.provider import ALLOWED_ASSERTION_ENCRYPTION
from ipse.partners.model import Partner
from ipse.standards import jose

Answer = Literal["id_token", "userinfo"]
EncryptionKey = Callable[[Partner, str], Awaitable[jose.PublicKey]]


@dataclass(frozen=True, slots=True)
class Protection:
    """How one answer to one partner is signed and encrypted."""

    signing: jose.PrivateKey | None
    """None: not at all; only a lab has such partners, as only it has those without `receiver`."""
    signing_alg: str
    receiver: jose.PublicKey | jose.SharedKey | None
    alg: str
    enc: str

    async def apply(self, claims: Mapping[str, Any]) -> str:
        """Sign, then encrypt; RSA signatures in a worker thread."""
        if self.signing is None:
            return msgspec.json.encode(claims).decode()
        if self.signing.slow:
            return await asyncio.to_thread(self._apply, self.signing, claims)
        return self._apply(self.signing, claims)

    def _apply(self, signing: jose.PrivateKey, claims: Mapping[str, Any]) -> str:
        if self.receiver is None:
            return jose.sign(claims, signing, alg=self.signing_alg)
        return jose.sign_then_encrypt(
            claims, signing, self.receiver, signing_alg=self.signing_alg, alg=self.alg, enc=self.enc
        )


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The keys of one moment, ready for use."""

    held: HeldKeys
    signing: Mapping[str, jose.PrivateKey]
    decryption: tuple[jose.PrivateKey, ...]
    published: bytes

    @classmethod
    def of(cls, held: HeldKeys) -> _Parsed:
        signing: dict[str, jose.PrivateKey] = {}
        for key in jose.private_keys(held.current):
            if key.use == "sig":
                signing.setdefault(key.alg or ("ES256" if key.kty == "EC" else "RS256"), key)
        decryption = tuple(key for key in jose.private_keys(held.held) if key.use == "enc")
        published = msgspec.json.encode({"keys": [jose.public_jwk(jwk) for jwk in held.published]})
        return cls(held, signing, decryption, published)


class ProviderKeys:
    """Private keys of the partners' key set. Those of the phone channel are another set and never published here.

    They change while the process runs: ask for a property each time, and keep nothing.
    """

    def __init__(self, keystore: Keystore) -> None:
        self._keystore = keystore
        self._parsed = _Parsed.of(keystore.held_keys("oidc"))

    @classmethod
    def from_keystore(cls, keystore: Keystore) -> ProviderKeys:
        """The keys that the keystore holds for partners."""
        return cls(keystore)

    @property
    def signing(self) -> Mapping[str, jose.PrivateKey]:
        """The current key of each algorithm."""
        return self._now().signing

    @property
    def decryption(self) -> tuple[jose.PrivateKey, ...]:
        """All keys that open what partners encrypted to us, replaced ones included."""
        return self._now().decryption

    @property
    def kept(self) -> int:
        """Seconds for which others may keep `published`."""
        return self._now().held.kept

    @property
    def published(self) -> bytes:
        """The JWK set as JSON: keys to come are in it, and old signature keys until nobody holds a token of theirs."""
        return self._now().published

    @property
    def opening(self) -> tuple[str, ...]:
        """The key management algorithms that partners can encrypt to us with."""
        return tuple(dict.fromkeys(key.alg for key in self.decryption if key.alg))

    def _now(self) -> _Parsed:
        held = self._keystore.held_keys("oidc")
        if self._parsed.held is not held:
            self._parsed = _Parsed.of(held)
        return self._parsed

    async def protection(
        self, partner: Partner, answer: Answer, encryption_key: EncryptionKey, secret: str | None
    ) -> Protection:
        """How `answer` is protected for this partner; `secret` is its client secret, if it has one.

        `encryption_key` finds the partner's key for an algorithm.

        Raises:
            JoseError: the partner has no key for the algorithm agreed with it.
            KeyError: we have none.
        """
        agreed = partner.algorithms
        signing_alg, alg, enc = (
            (
                agreed.id_token_signed_response_alg,
                agreed.id_token_encrypted_response_alg,
                agreed.id_token_encrypted_response_enc,
            )
            if answer == "id_token"
            else (
                agreed.userinfo_signed_response_alg,
                agreed.userinfo_encrypted_response_alg,
                agreed.userinfo_encrypted_response_enc,
            )
        )
        receiver: jose.PublicKey | jose.SharedKey | None = None
        if alg == "dir":
            if secret is None:
                raise jose.JoseError("this partner shares no secret")
            receiver = jose.shared_key(secret)
        elif alg:
            receiver = await encryption_key(partner, alg)
        return Protection(self.signing[signing_alg] if signing_alg else None, signing_alg, receiver, alg, enc)

    async def open(self, encrypted: str) -> str:
        """Open what a partner has encrypted to us and return the token inside.

        Raises:
            JoseError: it does not open, or holds no text.
        """
        if any(key.slow for key in self.decryption):
            opened = await asyncio.to_thread(self._open, encrypted)
        else:
            opened = self._open(encrypted)
        return opened.plaintext.decode("ascii", errors="replace")

    def _open(self, encrypted: str) -> jose.Decrypted:
        return jose.decrypt(encrypted, self.decryption, allowed=ALLOWED_ASSERTION_ENCRYPTION)

    def stand_in(self, kid: object, alg: object) -> jose.PublicKey | None:
        """A key under any name that will refuse: so that an unknown partner costs as much time as a wrong signature."""
        if not isinstance(kid, str) or not isinstance(alg, str):
            return None
        if alg == "EdDSA":
            return replace(_ed25519(), kid=kid)
        key = self.signing.get("RS256" if alg == "PS256" else alg)
        return None if key is None else replace(key.public, kid=kid, alg=alg)


@cache
def _ed25519() -> jose.PublicKey:
    """A key that signs nothing: we have none of this kind ourselves."""
    return jose.private_keys([jose.new_private_jwk("EdDSA")])[0].public
