"""What can never work, or is unsafe in an environment (S-10, the part that needs no I/O): one function each."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ipse.kernel.hosts import names_loopback
from ipse.kernel.settings.findings import Environment, Finding

if TYPE_CHECKING:
    from ipse.kernel.settings.tree import Settings

_MINUTE, _HALF_HOUR, _DAY, _WEEK = 60, 1800, 86_400, 604_800
_SHORTEST_PASSWORD = 12
_SMALLEST_NUMBER = 10
_LOCAL_SOCKET = "unix"
_SOCKET = "unix:/"
_MAIL_SECURITY = ("starttls", "tls", "none")
_KNOWN_PASSWORDS = ("changemechangeme", "changeme1234", "password1234", "passwordpassword", "postgrespostgres")


def rotation(settings: Settings) -> Iterator[Finding]:
    """How our keys may change."""
    shortest = _HALF_HOUR if settings.environment is Environment.PRODUCTION else 0
    if not shortest <= settings.announcement <= _WEEK:
        yield Finding(
            f"key_announcement is {settings.announcement}",
            f"choose {shortest} to {_WEEK} seconds: partners keep our keys for half an hour to a day",
        )
    if settings.key_rotation_days < 0 or 0 < settings.key_rotation_days * _DAY <= settings.announcement:
        yield Finding(
            f"key_rotation_days is {settings.key_rotation_days}", "choose more days than the announcement lasts, or 0"
        )


def statistics(settings: Settings) -> Iterator[Finding]:
    """Small numbers of public figures say something about single people."""
    told = settings.statistics
    least = _SMALLEST_NUMBER if settings.environment is Environment.PRODUCTION else 1
    if told.smallest < least:
        yield Finding(f"statistics.smallest is {told.smallest}", f"choose {least} or more")
    if told.adult_population < 0:
        yield Finding(f"statistics.adult_population is {told.adult_population}", "choose a number of people, or 0")


def watching(settings: Settings) -> Iterator[Finding]:
    """Measurements and traces stay within our own network."""
    if settings.metrics is not None:
        host = settings.metrics.listen.host
        if not _is_private(host):
            yield Finding(f"metrics.listen.host is {host}", "choose an address of this machine or of a private network")
        if settings.metrics.listen.port in {settings.listen.port, settings.app_listen.port}:
            yield Finding("metrics.listen.port is a public listener's", "give measurements a port of their own")
    if settings.traces is not None:
        parts = urlsplit(settings.traces.endpoint)
        local = parts.scheme == "http" and names_loopback(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or local):
            yield Finding(f"traces.endpoint is {settings.traces.endpoint}", "name an https address, or one of loopback")
        if not 0 <= settings.traces.share <= 1:
            yield Finding(f"traces.share is {settings.traces.share}", "choose a part of all requests, 0 to 1")


def _is_private(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return names_loopback(host)
    return address.is_private and not address.is_unspecified


def second_channel(settings: Settings) -> Iterator[Finding]:
    """How people are told (B-27), and how long they have to object (T-5)."""
    production = settings.environment is Environment.PRODUCTION
    if not (_DAY if production else 0) <= settings.objection <= _WEEK:
        yield Finding(
            f"objection_seconds is {settings.objection}",
            f"choose {_DAY if production else 0} to {_WEEK} seconds",
        )
    mail, sms = settings.mail, settings.sms
    if mail is not None:
        if mail.security not in _MAIL_SECURITY:
            yield Finding(f"mail.security is {mail.security}", f"choose one of {', '.join(_MAIL_SECURITY)}")
        if mail.security == "none" and not names_loopback(mail.host):
            yield Finding(f"mail goes to {mail.host} unprotected", "choose starttls or tls")
        if "@" not in mail.sender or any(character in mail.sender for character in "<> \r\n"):
            yield Finding(f"mail.sender is {mail.sender!r}", "write an address alone, such as identity@id.example")
    if sms is not None and not sms.url.startswith("https://") and (production or not _loopback(sms.url)):
        yield Finding(f"sms.url is {sms.url}", "write it with https://")


def production(settings: Settings) -> Iterator[Finding]:
    """What production alone refuses."""
    for name, value in (("base_url", settings.base_url), ("app_origin", settings.app_origin)):
        if not value.startswith("https://"):
            yield Finding(f"{name} is {value}, and production is https only", f"write {name} with https://")
        elif _loopback(value):
            yield Finding(f"{name} is {value}, which nobody else can reach", f"write the public name into {name}")
    if not settings.tls_certificate and not settings.trusted_proxies:
        yield Finding(
            "nothing ends TLS: neither tls_certificate with tls_key nor trusted_proxies is set",
            "name the certificate and its key, or the addresses of the proxy that ends TLS",
        )
    if settings.simulated is not None:
        yield Finding("simulated phones approve whatever they are asked", "leave the table simulated out")
    if not settings.keystore.startswith("pkcs11:"):
        yield Finding(
            "keystore is a file, which is for sandbox and lab only", "name a security module with keystore = 'pkcs11:…'"
        )
    password = unquote(urlsplit(settings.database).password or "")
    role = urlsplit(settings.database).username or ""
    if password and (len(password) < _SHORTEST_PASSWORD or password.lower() in {role.lower(), *_KNOWN_PASSWORDS}):
        yield Finding(
            "database holds a weak or well-known password",
            "choose 16 random characters or more, or let the role come in by certificate or socket without one",
        )


def staff(settings: Settings) -> Iterator[Finding]:
    """Where staff sign in: an origin that nothing else has (T-26)."""
    if settings.staff is None:
        return
    value = settings.staff.origin
    yield from origin("staff.origin", value)
    if value in {settings.base_url, settings.app_origin}:
        yield Finding("staff.origin is base_url or app_origin", "give staff an origin of its own")
    if settings.environment is Environment.PRODUCTION and not value.startswith("https://"):
        yield Finding(f"staff.origin is {value}, and production is https only", "write staff.origin with https://")
    if settings.environment is Environment.LAB and not _loopback(value):
        yield Finding(f"staff.origin is {value}, and a lab runs on loopback only", "set staff.origin to localhost")


def lab(settings: Settings) -> Iterator[Finding]:
    """A lab has what outside judges need to drive it, and so no way in from outside."""
    hosts = (
        ("base_url", settings.base_url),
        ("app_origin", settings.app_origin),
        ("listen.host", f"http://{_bracketed(settings.listen.host)}"),
        ("app_listen.host", f"http://{_bracketed(settings.app_listen.host)}"),
    )
    for name, url in hosts:
        if not _loopback(url):
            yield Finding(
                f"{name} is {urlsplit(url).hostname}, and a lab runs on loopback only", f"set {name} to localhost"
            )


def certificates(settings: Settings) -> Iterator[Finding]:
    """How partners' certificates come in."""
    yield from proxies("certificate_proxies", settings.certificate_proxies)
    path = settings.listen_unix
    if path is not None and not path.startswith("/"):
        yield Finding(f"listen_unix is {path!r}", "write the whole path, such as /run/ipse/ipse.sock")
    for name in ("trusted_proxies", "certificate_proxies"):
        if path is None and _LOCAL_SOCKET in getattr(settings, name):
            yield Finding(f"{name} names unix, and nothing listens there", "set listen_unix")
    address = settings.mtls_base_url
    if address is not None:
        yield from origin("mtls_base_url", address)
        if settings.environment is Environment.PRODUCTION and not address.startswith("https://"):
            yield Finding(f"mtls_base_url is {address}: only TLS carries certificates", "write it with https://")
    for name, value in (
        ("mtls_base_url", address),
        ("client_certificate_authorities", settings.client_certificate_authorities),
    ):
        if value is not None and not settings.certificate_proxies:
            yield Finding(
                f"{name} is set, and no proxy may bring a certificate", "name the proxy in certificate_proxies"
            )


def cards(settings: Settings) -> Iterator[Finding]:
    """How cards are asked."""
    eid = settings.eid
    if eid is None:
        return
    if not settings.secure and not _loopback(settings.base_url):
        yield Finding(
            f"eid is set, and base_url is {settings.base_url}: cards sign for https only", "write it with https"
        )
    if eid.ocsp_age < _MINUTE:
        yield Finding(f"eid.ocsp_age is {eid.ocsp_age}", f"choose {_MINUTE} seconds or more")
    for name, address in (("reader", eid.reader), ("ocsp_responder", eid.ocsp_responder)):
        parts = urlsplit(address)
        if address and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            yield Finding(f"eid.{name} is {address!r}", "write an address such as http://127.0.0.1:35960")
    if not _loopback(eid.reader):
        yield Finding(
            f"eid.reader is {eid.reader}: a card is read on the person's own computer", "name a loopback address"
        )


def push(settings: Settings) -> Iterator[Finding]:
    """Whom we tell that something waits: named services alone, and each can turn to somebody (RFC 8292 §2.1)."""
    services, contact = settings.push.services, settings.push.contact
    for service in services:
        yield from origin("push.services", service)
        if not service.startswith("https://") and not _loopback(service):
            yield Finding(f"push.services: {service} is not protected on its way", "write it with https://")
    if services and not contact.startswith(("mailto:", "https://")):
        yield Finding(f"push.contact is {contact!r}", "write a mailto: or https: address for the push services")


def signing(settings: Settings) -> Iterator[Finding]:
    """With whose keys and certificates people sign."""
    chosen = settings.signing
    if chosen is None:
        return
    production, certification = settings.environment is Environment.PRODUCTION, chosen.certification
    if not chosen.activation.startswith(_SOCKET):
        yield Finding(
            f"signing.activation is {chosen.activation!r}", "name its socket, such as unix:/run/ipse/keys.sock"
        )
    own = certification.url.startswith(_SOCKET)
    if not own and not _protected(certification.url, production=production):
        yield Finding(
            f"signing.certification.url is {certification.url!r}",
            "write it with https://, or unix:/ for our own service",
        )
    timestamps = urlsplit(certification.timestamps)
    if timestamps.scheme not in {"http", "https"} or not timestamps.hostname:
        yield Finding(f"signing.certification.timestamps is {certification.timestamps!r}", "write an http(s) address")
    yield from _certificate_quality(certification.quality, production=production, own=own)
    for name, value, least, most in (
        ("signing.approval_seconds", chosen.approval_seconds, _MINUTE, 3600),
        ("signing.certification.valid_days", certification.valid_days, 1, 3653),
        ("signing.certification.short_term_minutes", certification.short_term_minutes, 0, 1440),
        ("signing.papers.most_bytes", chosen.papers.most_bytes, 1000, 200_000_000),
        ("signing.papers.most_pages", chosen.papers.most_pages, 1, 10_000),
        ("signing.papers.most_files", chosen.papers.most_files, 1, 70),
        ("signing.papers.days", chosen.papers.days, 1, 3653),
        ("signing.papers.worker_seconds", chosen.papers.worker_seconds, 1, 600),
        ("signing.papers.worker_megabytes", chosen.papers.worker_megabytes, 256, 16_384),
        ("signing.papers.workers", chosen.papers.workers, 1, 64),
    ):
        if not least <= value <= most:
            yield Finding(f"{name} is {value}", f"choose {least} to {most}")


def public_help(settings: Settings) -> Iterator[Finding]:
    """What people are told when something breaks."""
    status = settings.status
    if status.folder and not status.folder.startswith("/"):
        yield Finding(f"status.folder is {status.folder!r}", "write the whole path, such as /var/lib/ipse/status")
    if status.address:
        yield from origin("status.address", status.address)
    for channel in settings.help.channels:
        if not channel.value.strip():
            yield Finding(f"help.channels has a {channel.kind} without a value", "write how people use it")


def _certificate_quality(quality: str, *, production: bool, own: bool) -> Iterator[Finding]:
    name = f"signing.certification.quality is {quality}"
    if production and quality == "test":
        yield Finding(f"{name}, and this is production", "choose advanced, or what the authority's certificates are")
    if not production and quality != "test":
        yield Finding(f"{name}, and only production has such certificates", "write quality = 'test'")
    if quality == "qualified" and own:
        yield Finding(f"{name}, and our own service issues no qualified certificates", "choose advanced")


def _protected(url: str, *, production: bool) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "http":
        return not production and _loopback(url)
    return parts.scheme == "https" and bool(parts.hostname)


def proxies(name: str, trusted: tuple[str, ...]) -> Iterator[Finding]:
    """Proxies are named one by one, never everybody."""
    for proxy in trusted:
        if proxy == _LOCAL_SOCKET:
            continue
        try:
            network = ipaddress.ip_network(proxy)
        except ValueError:
            yield Finding(f"{name}: {proxy!r} is not an address or network", "write it like 192.0.2.7")
            continue
        if network.prefixlen == 0:
            yield Finding(f"{name}: {proxy} trusts everybody", "name the addresses of your proxies alone")


def origin(name: str, value: str) -> Iterator[Finding]:
    """An origin is scheme, host and port."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or value != f"{parts.scheme}://{parts.netloc}":
        yield Finding(f"{name} is {value!r}", "write an origin such as https://id.example, without path or slash")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _loopback(url: str) -> bool:
    return names_loopback(urlsplit(url).hostname or "")
