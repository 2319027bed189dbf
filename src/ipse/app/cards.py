"""eID cards: open the trust anchors that the settings name, and say what is wrong with them before anybody starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from ipse.eid.clients import Responders
from ipse.eid.errors import AnchorsError
from ipse.eid.model import Anchors, Revocation
from ipse.eid.service import Cards, judged_anchors
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Finding, Settings, SettingsError
from ipse.standards.client_certificates import CertificateError, read_authorities
from ipse.web.outgoing import Outgoing

_MEND = "name PEM files of authorities: a sandbox's own in a sandbox, the state's in production"


def open_anchors(settings: Settings) -> Anchors | None:
    """Whom this installation believes about cards; None where no card is taken.

    Raises:
        SettingsError: a file cannot be read, or holds what this installation must not believe.
    """
    if settings.eid is None:
        return None
    issuing = _authorities("issuing_authorities", settings.eid.issuing_authorities)
    register = _authorities("register_authorities", settings.eid.register_authorities)
    try:
        return judged_anchors(settings.environment, issuing=issuing, register=register)
    except AnchorsError as error:
        message = f"eid: {error}"
        raise SettingsError(message) from error


def open_cards(settings: Settings, *, clock: Clock, ids: Ids) -> Cards | None:
    """Everything that validates cards; None where no card is taken. Raises as `open_anchors`."""
    anchors = open_anchors(settings)
    if anchors is None or settings.eid is None:
        return None
    return Cards(
        anchors=anchors,
        revocation=Revocation(
            responder=settings.eid.ocsp_responder, nonce=settings.eid.ocsp_nonce, oldest=settings.eid.ocsp_age
        ),
        responders=Responders(Outgoing(settings.environment, plain=True, peer="revocation")),
        origin=settings.base_url,
        clock=clock,
        ids=ids,
    )


def card_findings(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Anchors that cannot be used, must not be believed here, or have ended."""
    try:
        anchors = open_anchors(settings)
    except SettingsError as error:
        yield Finding(str(error), _MEND)
        return
    now = datetime.fromtimestamp(clock.now() / SECOND, UTC)
    for certificate in (*anchors.issuing, *anchors.register) if anchors else ():
        if now > certificate.not_valid_after_utc:
            subject = certificate.subject.rfc4514_string()
            yield Finding(f"eid: {subject} has ended: its cards are refused", "take it out of the file", unsafe=False)


def _authorities(name: str, path: str) -> tuple[x509.Certificate, ...]:
    try:
        return read_authorities(Path(path).read_bytes())
    except (OSError, CertificateError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"eid.{name} {path} cannot be used: {reason}"
        raise SettingsError(message) from error
