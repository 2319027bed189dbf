"""Validate what a card in a browser brings: a token with its PIN, and the files beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from cryptography import x509
from cryptography.x509.oid import NameOID

from ipse.eid.clients import Responders
from ipse.eid.errors import RevocationUnknownError
from ipse.eid.model import Anchors, Holder, Read, Revocation
from ipse.eid.rules import anchors as judged_anchors
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.standards import eid_card
from ipse.standards.eid_card import CardFiles, register
from ipse.standards.web_eid import OcspError, checks, ocsp, signatures, tokens

__all__ = ["Cards", "judged_anchors"]

log = structlog.get_logger("ipse.eid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """Use cases of cards."""

    anchors: Anchors
    revocation: Revocation
    responders: Responders
    origin: str
    """Our own, where the page is that asks the card: `https://host[:port]`."""
    clock: Clock
    ids: Ids

    async def validate(self, text: str, *, nonce: str) -> Holder:
        """Judge a Web eID token for this nonce and our own origin. Who may use the nonce, and once, is the caller's.

        In the order of the specification: form of the token, its certificate, revocation, signature.

        Raises:
            WebEidError: the token proves nothing; its class says why.
            RevocationUnknownError: it cannot be told now; trying later may help.
        """
        now = self._now()
        token, issuer = await asyncio.to_thread(self._opened, text, now)
        await self._check_revocation(token.certificate, issuer, now)
        await asyncio.to_thread(signatures.check, token, origin=self.origin, nonce=nonce)
        return _holder(token, text, int(now.timestamp()) * SECOND)

    async def read(self, files: CardFiles, *, holder: Holder, nonce: str) -> Read:
        """Judge a card's files beside the token of the same nonce.

        Raises:
            CardError: they prove nothing; its class says why.
        """
        return await asyncio.to_thread(self._read, files, holder, nonce)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.responders.close()

    def _opened(self, text: str, now: datetime) -> tuple[tokens.Token, x509.Certificate]:
        token = tokens.read(text)
        presented = checks.Presented(token, self.anchors.issuing, now)
        for check in checks.CERTIFICATE_CHECKS:
            check(presented)
        return token, checks.issuer_of(presented)

    async def _check_revocation(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> None:
        address = self.revocation.responder or ocsp.address(certificate)
        if not address:
            raise RevocationUnknownError("the certificate names no responder, and none is configured")
        nonce = self.ids.octets(ocsp.NONCE_OCTETS) if self.revocation.nonce else None
        octets = await self.responders.ask(address, ocsp.request(certificate, issuer, nonce=nonce))
        answered = ocsp.Answered(
            octets=octets,
            certificate=certificate,
            issuer=issuer,
            nonce=nonce,
            now=now,
            oldest=timedelta(seconds=self.revocation.oldest),
        )
        try:
            await asyncio.to_thread(ocsp.check, answered)
        except OcspError as error:
            log.warning("ocsp_answer_refused", reason=str(error), kind=type(error).__name__)
            raise RevocationUnknownError(str(error)) from error

    def _read(self, files: CardFiles, holder: Holder, nonce: str) -> Read:
        identity = eid_card.read_identity(files.identity)
        presented = register.Presented(
            files=files,
            identity=identity,
            authorities=self.anchors.register,
            national_number=holder.national_number,
            challenge=eid_card.challenge_for(nonce),
            now=self._now(),
        )
        register.check(presented)
        return Read(identity=identity, address=eid_card.read_address(files.address), files=files)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now() / SECOND, UTC)


def _holder(token: tokens.Token, text: str, now: int) -> Holder:
    certificate = token.certificate
    return Holder(
        national_number=_name(certificate, NameOID.SERIAL_NUMBER) or "",
        family_name=_name(certificate, NameOID.SURNAME),
        given_name=_name(certificate, NameOID.GIVEN_NAME),
        certificate_serial=f"{certificate.serial_number:x}",
        certificate_issuer=certificate.issuer.rfc4514_string(),
        algorithm=token.algorithm,
        format=token.format,
        checked_at=now,
        token=text,
    )


def _name(certificate: x509.Certificate, kind: x509.ObjectIdentifier) -> str | None:
    found = certificate.subject.get_attributes_for_oid(kind)
    return str(found[0].value) if len(found) == 1 else None
