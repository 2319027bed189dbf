"""What follows elsewhere from the life of a credential: handlers of this feature's news, each as often as it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from ipse.signing.errors import CertificationRefused, UnknownCredential
from ipse.signing.model import CredentialState, EndReason
from ipse.signing.ports import Activation, Certification
from ipse.signing.rules.certificates import revocation_reason
from ipse.signing.service.credentials import Credentials

log = structlog.get_logger("ipse.signing")


@dataclass(frozen=True)
class FollowUps:
    """Handlers."""

    credentials: Credentials
    activation: Activation
    certification: Certification

    async def hold(self, payload: Mapping[str, Any]) -> None:
        """Put the certificate of a suspended credential on hold, unless it has ended meanwhile."""
        try:
            credential = await self.credentials.find(payload["credential"])
        except UnknownCredential:
            return
        if credential.state is CredentialState.SUSPENDED and payload["serial"]:
            await self.certification.hold(payload["serial"])

    async def destroy(self, payload: Mapping[str, Any]) -> None:
        """Destroy the key of a credential that has ended."""
        await self.activation.end(payload["credential"], payload["reason"])

    async def revoke(self, payload: Mapping[str, Any]) -> None:
        """Revoke the certificate of a credential that has ended; one that has run out says so itself."""
        reason = EndReason(payload["reason"])
        if not payload["serial"] or reason is EndReason.EXPIRED:
            return
        try:
            await self.certification.revoke(payload["serial"], revocation_reason(reason))
        except CertificationRefused as error:
            if error.refusal != "unknown_certificate":
                raise
            log.error("signing.certificate_not_ours", credential=payload["credential"])  # noqa: TRY400 - no values
