"""What the addresses of a registration must be like."""

from __future__ import annotations

import re
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from ipse.kernel.hosts import names_loopback
from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError

_TEXT = re.compile(r"[!-~]{1,2048}")


def check_redirect_uri(uri: str, environment: Environment) -> None:
    """https, no fragment; http only towards loopback and only outside production."""
    check_address("redirect URI", uri, environment, text=None, field="redirect_uris")


def check_request_uri(uri: str, environment: Environment) -> None:
    """As `check_address`, and its port is written: `:443` (partner protocol 1.7), on loopback any."""
    parts = check_address("request_uri", uri, environment, field="request_uris")
    if parts.port is None or (parts.port != 443 and not names_loopback(parts.hostname or "")):
        _refuse(f"request_uri {uri!r} must show its port, https://host:443/…", "request_uris")


def check_address(
    what: str, uri: str, environment: Environment, *, field: str = "", text: re.Pattern[str] | None = _TEXT
) -> SplitResult:
    """An https address with a host, no user, no fragment; http only towards loopback and only outside production.

    `text` is what it may be written with; None asks only that it holds no space. `field` is where it stands.

    Raises:
        PartnerRegistrationError: names what is wrong.
    """
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        _refuse(f"{what} {uri!r} cannot be read", field)
    loopback = names_loopback(parts.hostname or "")
    allowed_http = parts.scheme == "http" and loopback and environment is not Environment.PRODUCTION
    if parts.scheme != "https" and not allowed_http:
        _refuse(f"{what} {uri!r} must be https (http on loopback exists only in sandbox and lab)", field)
    if not parts.hostname or "#" in uri or any(character.isspace() for character in uri):
        _refuse(f"{what} {uri!r} must name a host and hold no fragment or space", field)
    if text is not None and (not text.fullmatch(uri) or "@" in parts.netloc):
        _refuse(f"{what} {uri!r} must be written in ASCII, without a user", field)
    if loopback and environment is Environment.PRODUCTION:
        _refuse(f"{what} {uri!r} points to loopback, which production refuses", field)
    return parts


def _refuse(message: str, field: str) -> NoReturn:
    about = {"field": field} if field else {}
    raise PartnerRegistrationError(message, public=message, **about)
