"""Signing put together: its clients from the settings, and what is wrong with them before anybody meets it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ipse.actions.events import ACTIVATED, BLOCKED
from ipse.kernel.settings import Environment, Finding, Settings, SettingsError
from ipse.kernel.settings.parts import Signing as SigningSettings
from ipse.mobile.events import CODE_CHANGED
from ipse.signing.events import ENDED, SUSPENDED
from ipse.signing.model import EndReason, Terms
from ipse.signing.service import Signing
from ipse.standards.client_certificates import CertificateError, read_authorities
from ipse.standards.sandbox_mark import is_fully_marked, is_marked
from ipse.storage.outbox import Event, Handler
from ipse.storage.private_files import read_private

_DAY_SECONDS = 86_400
_MEND = "name a PEM file of authorities: a sandbox's own in a sandbox, those of your trust service in production"


def open_authorities(settings: Settings) -> tuple[x509.Certificate, ...]:
    """The authorities that people's certificates come from, with their roots.

    Raises:
        SettingsError: the file cannot be read, or holds what this installation must not believe.
    """
    if settings.signing is None:
        return ()
    path = settings.signing.certification.authorities
    try:
        authorities = read_authorities(Path(path).read_bytes())
    except (OSError, CertificateError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"signing.certification.authorities {path} cannot be used: {reason}") from error
    production = settings.environment is Environment.PRODUCTION
    for each in authorities:
        name = each.subject.rfc4514_string()
        if production and is_marked(each):
            raise SettingsError(
                f"signing.certification.authorities: {name} is of a sandbox, whose certificates are tests"
            )
        if not production and not is_fully_marked(each):
            raise SettingsError(f"signing.certification.authorities: {name} does not carry the sandbox's mark")
    return authorities


def open_secret(chosen: SigningSettings) -> str:
    """`name:password`, which proves us to whoever certifies.

    Raises:
        SettingsError: the file is missing, can be read by others, or holds something else.
    """
    path = Path(chosen.certification.credentials)
    text = read_private(path, what="signing.certification.credentials").decode("utf-8", "replace").strip()
    if ":" not in text or "\n" in text:
        raise SettingsError(f"signing.certification.credentials {path} must hold one line, name:password")
    return text


def terms_of(chosen: SigningSettings, authorities: tuple[x509.Certificate, ...]) -> Terms:
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


def signing_findings(settings: Settings) -> Iterator[Finding]:
    """Authorities and secrets that cannot be used, or must not be believed here."""
    if settings.signing is None:
        return
    for opening in (lambda: open_authorities(settings), lambda: open_secret(settings.signing)):
        try:
            opening()
        except SettingsError as error:
            yield Finding(str(error), _MEND)


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


def signing_jobs(signing: Signing) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
    """What signing does now and then."""
    jobs: list[tuple[str, Callable[[], Awaitable[object]]]] = [("signing.end_due", signing.credentials.end_due)]
    if signing.conclusions is not None:
        jobs.append(("signing.conclude_waiting", signing.conclusions.conclude_waiting))
        jobs.append(("signing.forget", signing.conclusions.forget))
    return jobs


def _told(follow: Callable[[Mapping[str, object]], Awaitable[None]]) -> Handler:
    async def handler(event: Event) -> None:
        await follow(event.payload)

    return handler


def _issuer(authorities: tuple[x509.Certificate, ...]) -> str:
    """The name of the authority that issues people's certificates: one that another one of them vouches for."""
    subordinate = [each for each in authorities if each.issuer != each.subject] or list(authorities)
    names = subordinate[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else subordinate[0].subject.rfc4514_string()


def encoded(authorities: tuple[x509.Certificate, ...]) -> tuple[bytes, ...]:
    """As DER."""
    return tuple(each.public_bytes(Encoding.DER) for each in authorities)
