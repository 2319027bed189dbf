"""Programs to copy: each is a file beside this package, filled in with a partner's own values, and run by our tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final
from urllib.parse import urlsplit

from ipse.partners.model import AuthMethod, Partner, Service

LANGUAGES: Final = {"node": "JavaScript", "python": "Python", "authlib": "Python", "shell": "Shell"}


@dataclass(frozen=True, slots=True)
class Snippet:
    """One program."""

    name: str
    """`node`."""
    file: str
    """What to save it as."""
    library: str
    install: str
    """What is typed once before; empty: nothing."""
    run: str
    text: str


_KEYS: Final = (
    ("node", "login.mjs", "openid-client", "npm install openid-client", "node login.mjs"),
    ("python", "login.py", "httpx, joserfc", "pip install httpx joserfc", "python3 login.py"),
    ("authlib", "login_authlib.py", "Authlib", "pip install authlib httpx joserfc", "python3 login_authlib.py"),
)
_SECRET: Final = (
    ("node", "login.mjs", "openid-client", "npm install openid-client jose", "node login.mjs"),
    ("python", "login.py", "httpx, joserfc", "pip install httpx joserfc", "python3 login.py"),
    ("authlib", "login_authlib.py", "Authlib", "pip install authlib httpx joserfc", "python3 login_authlib.py"),
)


def of_service(partner: Partner, service: Service, *, issuer: str) -> list[Snippet]:
    """The programs that log people in at a service; none where it has no redirect URI."""
    if not service.redirect_uris:
        return []
    secret = partner.auth_method is AuthMethod.CLIENT_SECRET_POST
    folder = "secret" if secret else "keys"
    first = next((uri for uri in service.redirect_uris if _is_local(uri)), service.redirect_uris[0])
    values = {
        "ISSUER": issuer,
        "CLIENT_ID": partner.partner_id,
        "SERVICE": service.code,
        "REDIRECT_URI": first,
        "SIGNED_BY": partner.algorithms.id_token_signed_response_alg,
        "ENCRYPTED_BY": partner.algorithms.id_token_encrypted_response_alg,
        "CONTENT_BY": partner.algorithms.id_token_encrypted_response_enc,
        "ASKED": _asked(service),
    }
    return [
        Snippet(name, file, library, install, run, _filled(f"{folder}/{name}.txt", values))
        for name, file, library, install, run in (_SECRET if secret else _KEYS)
    ]


def _asked(service: Service) -> str:
    """The attribute that a first program asks for: one that reads well, if the contract has any."""
    plain = ("given_name", "name", "family_name", "email", "birthdate")
    return next((name for name in plain if name in service.contract), "")


def _is_local(uri: str) -> bool:
    return (urlsplit(uri).hostname or "") in {"localhost", "127.0.0.1"}


@lru_cache(maxsize=32)
def _template(name: str) -> str:
    return (resources.files("ipse.partner_portal") / "snippets" / name).read_text("utf-8")


def _filled(name: str, values: dict[str, str]) -> str:
    text = _template(name)
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    return text
