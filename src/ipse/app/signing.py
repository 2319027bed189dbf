"""Signing put together: its clients from the settings, and what is wrong with them before anybody meets it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ipse.actions.events import ACTIVATED, BLOCKED
from ipse.actions.service import Actions
from ipse.app.given import Given
from ipse.attributes.service import Attributes
from ipse.documents.service import Documents
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Environment, Finding, Settings, SettingsError
from ipse.kernel.settings.parts import Signing as SigningSettings
from ipse.mobile.events import CODE_CHANGED
from ipse.phones.service import Phones
from ipse.signing.clients.activation import ActivationClient
from ipse.signing.clients.authorities import read_authorities
from ipse.signing.clients.certification import CertificationClient, open_certification
from ipse.signing.clients.revocation import RevocationClient
from ipse.signing.clients.timestamps import TimestampClient
from ipse.signing.events import ENDED, SUSPENDED
from ipse.signing.model import EndReason, Terms
from ipse.signing.service import Signing, build_signing
from ipse.standards.signature_activation import HASH_ALGORITHMS
from ipse.storage.outbox import Event, Handler
from ipse.switches.service import Switches

_DAY_SECONDS = 86_400
_CONNECT_SECONDS = 5
_HASHES = {size: name for name, (_, size) in HASH_ALGORITHMS.items()}
Job = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Evidence:
    """What makes a signature hold for long: time stamps, and whether certificates hold. What documents' workers ask."""

    authorities: tuple[bytes, ...]
    """DER: those that people's certificates come from, with their roots."""
    timestamps: TimestampClient
    revocation: RevocationClient

    async def timestamp(self, digest: bytes) -> bytes:
        """A time stamp of a digest, whose length tells its algorithm."""
        return await self.timestamps.timestamp(digest, _HASHES[len(digest)])

    async def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        """What its responder says of a certificate."""
        return await self.revocation.ocsp(certificate, issuer)

    async def crl(self, url: str) -> bytes:
        """A list of revoked certificates."""
        return await self.revocation.crl(url)


@dataclass(frozen=True)
class Clients:
    """Whom signing asks."""

    activation: ActivationClient
    certification: CertificationClient
    evidence: Evidence
    authorities: tuple[x509.Certificate, ...]

    async def close(self) -> None:
        """Let go of connections."""
        for client in (self.activation, self.certification, self.evidence.timestamps, self.evidence.revocation):
            await client.close()


def open_clients(chosen: SigningSettings, environment: Environment, clock: Clock, ids: Ids) -> Clients:
    """Open them as the settings say.

    Raises:
        SettingsError: a file cannot be used, or holds what this installation must not believe.
    """
    authorities = read_authorities(chosen.certification.authorities, environment)
    evidence = Evidence(
        tuple(each.public_bytes(Encoding.DER) for each in authorities),
        TimestampClient(chosen.certification.timestamps, clock, ids),
        RevocationClient(authorities, environment, ids),
    )
    certification = open_certification(chosen.certification, environment)
    return Clients(ActivationClient(chosen.activation), certification, evidence, authorities)


@dataclass(frozen=True)
class SigningParts:
    """Signing, with what its front doors need beside it; None where nothing is signed."""

    signing: Signing
    documents: Documents | None
    evidence: Evidence | None
    close: Callable[[], Awaitable[None]]


def open_signing(
    given: Given, actions: Actions, phones: Phones, attributes: Attributes, switches: Switches
) -> SigningParts:
    """Put it together.

    Raises:
        SettingsError: a file cannot be used, or holds what this installation must not believe.
    """
    settings, chosen = given.settings, given.settings.signing
    if chosen is None:

        async def nothing() -> None:
            """Nothing was opened."""

        return SigningParts(build_signing(actions, phones, attributes, switches), None, None, nothing)
    clients = open_clients(chosen, settings.environment, given.clock, given.ids)
    documents = Documents(chosen.papers)

    async def close() -> None:
        await documents.stop()
        await clients.close()

    signing = build_signing(
        actions,
        phones,
        attributes,
        switches,
        terms=_terms(chosen, clients.authorities),
        clients=(clients.activation, clients.certification),
        issuer=settings.issuer,
    )
    return SigningParts(signing, documents, clients.evidence, close)


def signing_findings(settings: Settings) -> Iterator[Finding]:
    """Authorities and secrets that cannot be used, or must not be believed here."""
    chosen = settings.signing
    if chosen is None:
        return
    try:
        read_authorities(chosen.certification.authorities, settings.environment)
        open_certification(chosen.certification, settings.environment)
    except SettingsError as error:
        yield Finding(str(error), "name what belongs to this installation, of our own service: ipse certification")


async def reachability_findings(settings: Settings) -> list[Finding]:
    """Whether signature activation and certification answer now."""
    chosen = settings.signing
    if chosen is None:
        return []
    asked = (
        (chosen.activation, "signature activation", "nobody can sign"),
        (chosen.certification.url, "certification", "no certificate is made or ended"),
        (chosen.certification.timestamps, "the time-stamping authority", "no signature holds for long"),
    )
    return [
        Finding(f"{name} does not answer at {place}: {so}", "start it, or mend its address", unsafe=False)
        for place, name, so in asked
        if not await _listens(place)
    ]


async def _listens(place: str) -> bool:
    parts = urlsplit(place)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            if parts.scheme == "unix":
                _, writer = await asyncio.open_unix_connection(parts.path)
            else:
                port = parts.port or (443 if parts.scheme == "https" else 80)
                _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, ValueError, TimeoutError):
        return False
    writer.close()
    return True


def signing_news(signing: Signing) -> Mapping[str, Mapping[str, Handler]]:
    """What a credential owes to the life of its identity, and what follows elsewhere from its own."""
    credentials, followups = signing.credentials, signing.followups
    heard: dict[str, Mapping[str, Handler]] = {
        BLOCKED: {"signing.suspend": lambda event: credentials.suspend(event.payload["account"])},
        ACTIVATED: {
            "signing.end": lambda event: credentials.end_all(
                event.payload["account"], EndReason.PHONE_CHANGED, but_phone=event.payload["phone"]
            )
        },
        CODE_CHANGED: {
            "signing.end": lambda event: credentials.end_all(
                event.payload["account"], EndReason.CODE_CHANGED, before=event.at
            )
        },
    }
    if followups is not None:
        heard[SUSPENDED] = {"signing.hold": _told(followups.hold)}
        heard[ENDED] = {"signing.destroy": _told(followups.destroy), "signing.revoke": _told(followups.revoke)}
    return heard


def signing_jobs(signing: Signing) -> list[tuple[str, Job]]:
    """What signing does now and then."""
    jobs: list[tuple[str, Job]] = [("signing.end_due", signing.credentials.end_due)]
    if signing.conclusions is not None:
        jobs.append(("signing.conclude_waiting", signing.conclusions.conclude_waiting))
        jobs.append(("signing.forget", signing.conclusions.forget))
    return jobs


def _told(follow: Callable[[Mapping[str, object]], Awaitable[None]]) -> Handler:
    async def handler(event: Event) -> None:
        await follow(event.payload)

    return handler


def _terms(chosen: SigningSettings, authorities: tuple[x509.Certificate, ...]) -> Terms:
    """What this installation's certificates are."""
    certification = chosen.certification
    short = certification.short_term_minutes
    return Terms(
        issuer=_issuer(authorities),
        quality=certification.quality,
        algorithm=chosen.algorithm,
        valid_seconds=short * 60 if short else certification.valid_days * _DAY_SECONDS,
        short_term=bool(short),
        approval_seconds=chosen.approval_seconds,
    )


def _issuer(authorities: tuple[x509.Certificate, ...]) -> str:
    """The name of the authority that issues people's certificates: one that another one of them vouches for."""
    subordinate = [each for each in authorities if each.issuer != each.subject] or list(authorities)
    names = subordinate[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else subordinate[0].subject.rfc4514_string()
