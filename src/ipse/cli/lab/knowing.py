"""One login for each client of the back channel: only people whom a partner knows can be asked that way."""

from __future__ import annotations

import json
import re
import ssl
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx

from ipse.cli.lab.file import Client, LabFile, LabService
from ipse.cli.lab.seeding import Credentials
from ipse.kernel.clock import SystemClock, seconds
from ipse.kernel.ids import RandomIds
from ipse.standards import jose

_HANDLE: Final = re.compile(r"/v2/sign-in/([A-Za-z0-9_-]{22})")
_PATIENCE: Final = 30.0


def subjects_of(
    lab: LabFile, issuer: str, known: Mapping[str, Credentials], trust: ssl.SSLContext | None
) -> dict[str, str]:
    """What each client with a back channel calls the person, after a login.

    The login is one of its default service, which the phone approves by itself.
    """
    found = {}
    for client in lab.clients:
        service = next((each for each in client.services if each.default and each.redirect_uris), None)
        if service is not None and any(each.backchannel_mode for each in client.services) and known[client.id].keys:
            with httpx.Client(timeout=10, trust_env=False, verify=trust or True) as browser:
                found[client.id] = _login(browser, issuer, client, service, known[client.id])
    return found


def _login(browser: httpx.Client, issuer: str, client: Client, service: LabService, mine: Credentials) -> str:
    redirect_uri = service.redirect_uris[0]
    page = browser.get(
        f"{issuer}/authorization",
        params={
            "client_id": client.id,
            "response_type": "code",
            "scope": f"openid service:{service.code}",
            "redirect_uri": redirect_uri,
        },
    )
    found = _HANDLE.search(page.text)
    code = _code(browser, f"{issuer}/sign-in/{found[1]}/finish", redirect_uri) if found else None
    if code is None:
        return ""
    answer = browser.post(
        f"{issuer}/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": _assertion(issuer, client, mine),
        },
    ).raise_for_status()
    payload = answer.json()["id_token"].split(".")[1]
    # Our own lab has just told it over our own connection: nothing else is read from it.
    return str(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])


def _code(browser: httpx.Client, finish: str, redirect_uri: str) -> str | None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        location = browser.get(finish).headers.get("location", "")
        if location.startswith(redirect_uri):
            return next(iter(parse_qs(urlsplit(location).query).get("code", ())), None)
        time.sleep(0.2)
    return None


def _assertion(issuer: str, client: Client, mine: Credentials) -> str:
    now = seconds(SystemClock().now())
    claims = {"iss": client.id, "sub": client.id, "aud": issuer, "iat": now, "exp": now + 60}
    (key,) = jose.private_keys(mine.keys[:1])
    return jose.sign(claims | {"jti": RandomIds().identifier()}, key, alg=client.signing)
