"""What an approval seals to signature activation, and what the phone keeps for each signing certificate made on it.

(Device protocol, section 5, "Signing".)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ipse.kernel.ids import b64u, b64u_decode, sha256
from ipse.softphone.errors import OtherActivationKey, SignerLost
from ipse.softphone.state import Signer, State
from ipse.standards import phone_channel

SALT_OCTETS: Final = 32
KEPT: Final = 8
"""Certificates that a phone remembers; only the newest can be alive."""
_MEMBERS: Final = ("kty", "crv", "x", "y", "kid")


@dataclass(frozen=True, slots=True)
class Sealing:
    """How one approval is sealed to signature activation."""

    signer: Signer
    make: bool
    """Whether the approval makes the certificate."""

    def members(self, code: str) -> dict[str, str]:
        """What the signed message says besides: the digest of a new code key."""
        return {"signing_code_key": b64u(sha256(self._key(code)))} if self.make else {}

    def activation(self, compact: str, code: str) -> str:
        """The message sealed to signature activation, with the new code key or the proof under the old one."""
        key = self._key(code)
        if self.make:
            return phone_channel.seal_activation(self.signer.key, compact, code_key=key)
        return phone_channel.seal_activation(self.signer.key, compact, proof=phone_channel.code_proof(key, compact))

    def _key(self, code: str) -> bytes:
        return phone_channel.signing_code_key(code, b64u_decode(self.signer.salt), self.signer.credential)


def sealing_of(
    confirms: Sequence[Mapping[str, Any]],
    state: State,
    *,
    given: Mapping[str, Any] | None,
    published: Callable[[], Mapping[str, Any] | None],
    salt: Callable[[], bytes],
) -> Sealing | None:
    """To which key an approval of these contents is sealed; None when nothing is signed.

    For a certificate that exists it is the key the phone has kept since it was made. For a new one it is the request's,
    which must be the one that the scheme publishes to everybody.

    Raises:
        OtherActivationKey: it is another.
        SignerLost: this phone does not hold the certificate that is asked for.
    """
    creation = next((one for one in confirms if one["type"] == "credential"), None)
    if creation is not None:
        key = _read(given)
        if key is None or key != _read(published()):
            raise OtherActivationKey("the request names another key of signature activation than the scheme publishes")
        return Sealing(Signer(creation["credential"], b64u(salt()), key), make=True)
    signature = next((one for one in confirms if one["type"] == "signature"), None)
    if signature is None:
        return None
    signer = next((one for one in state.signers if one.credential == signature["credential"]), None)
    if signer is None:
        raise SignerLost("this phone does not hold that certificate; with a new code it gets a new one")
    return Sealing(signer, make=False)


def keep(state: State, made: Signer) -> None:
    """Remember a certificate whose creation has just been approved."""
    others = [one for one in state.signers if one.credential != made.credential]
    state.signers = [*others, made][-KEPT:]


def _read(given: Mapping[str, Any] | None) -> dict[str, str] | None:
    if given is None or not all(isinstance(given.get(name), str) and given[name] for name in _MEMBERS):
        return None
    return {name: given[name] for name in _MEMBERS}
