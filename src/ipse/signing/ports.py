"""Whom signing asks: signature activation, and whoever certifies (our own service, or an outside one)."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from ipse.signing.model import Paper
from ipse.standards.certification import Reason, Subject
from ipse.standards.signature_activation import Activated, ActivationKey, MadeCredential, NewCredential, Signed

Profile: TypeAlias = Literal["person", "short_term"]


class Activation(Protocol):
    """Signature activation. Each call raises SigningUnavailable where it cannot be reached."""

    async def key(self) -> ActivationKey:
        """The key that phones seal to."""

    async def create(self, new: NewCredential) -> MadeCredential:
        """Make the key that an approval asks for; the same approval again gives the same answer.

        Raises:
            ActivationRefused: it says no.
        """

    async def certify(self, credential: str, certificate: bytes) -> None:
        """Hand over the certificate of a credential (DER). Raises as `create`."""

    async def sign(self, activated: Activated) -> Signed:
        """Sign what an approval says; the same approval again gives the same values. Raises as `create`."""

    async def end(self, credential: str, reason: str) -> None:
        """Destroy a key for ever; one that is unknown or gone is no fault."""

    async def close(self) -> None:
        """Let go."""


class Papers(Protocol):
    """A front door that holds documents which people sign: they are opened in the app before approving."""

    async def paper(self, action_id: str, document: str) -> Paper | None:
        """A document of a request of this door by its identifier, as it was shown; None where it is gone."""

    async def page(self, action_id: str, document: str, number: int) -> bytes | None:
        """A page of it (from 1) as a PNG picture about 1000 pixels wide; None where there is none."""


class Certification(Protocol):
    """Whoever certifies. Each call raises SigningUnavailable where it cannot be reached."""

    async def certify(
        self, request: bytes, subject: Subject, *, valid_seconds: int, profile: Profile
    ) -> tuple[bytes, ...]:
        """The certificate of a request (PKCS #10, DER) and those of its issuers without the root; the same again.

        Raises:
            CertificationRefused: it says no.
        """

    async def hold(self, serial: str) -> None:
        """Put a certificate on hold; one that is on hold or revoked is no fault. Raises as `certify`."""

    async def revoke(self, serial: str, reason: Reason) -> None:
        """Revoke a certificate; one that is revoked is no fault. Raises as `certify`."""

    async def close(self) -> None:
        """Let go."""
