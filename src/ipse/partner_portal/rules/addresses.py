"""Immediate help for mistakes in redirect URIs, before the partners' own rules have the last word."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from ipse.kernel.hosts import names_loopback
from ipse.kernel.settings import Environment
from ipse.partner_portal.errors import FormRefused

MOST: Final = 50
_LOCAL: Final = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])([:/].*)?", re.IGNORECASE)
_PORT: Final = re.compile(r"[^/:\s]+:\d{1,5}(/.*)?")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:.*", re.IGNORECASE)


def read_addresses(text: str, environment: Environment, *, field: str) -> tuple[str, ...]:
    """The addresses of a text area, one a line; each once, in order.

    Raises:
        FormRefused: names each that cannot be, and why.
    """
    found = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(found) > MOST:
        raise FormRefused(field, "too_many_addresses", most=str(MOST))
    wrong = [FormRefused(field, why, address=address) for address in found if (why := mistake(address, environment))]
    if wrong:
        first, *others = wrong
        first.others = tuple(others)
        raise first
    return tuple(found)


def mistake(address: str, environment: Environment) -> str:
    """What is wrong with an address, as a word of the catalogue; empty: nothing that we can tell."""
    # `shop.example:8443/back` would pass for a scheme called `shop.example`.
    if not _SCHEME.fullmatch(address) or _PORT.fullmatch(address):
        local = _LOCAL.fullmatch(address) and environment is not Environment.PRODUCTION
        return "address_no_http" if local else "address_no_scheme"
    if any(character.isspace() for character in address):
        return "address_space"
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "address_unreadable"
    if "#" in address:
        return "address_fragment"
    if "*" in address:
        return "address_wildcard"
    return _place(parts.scheme, parts.hostname or "", environment)


def _place(scheme: str, host: str, environment: Environment) -> str:
    loopback = names_loopback(host)
    if scheme not in {"http", "https"}:
        return "address_custom_scheme"
    if not host:
        return "address_no_host"
    if environment is Environment.PRODUCTION and loopback:
        return "address_loopback"
    if scheme == "http" and not loopback:
        return "address_http"
    return ""
