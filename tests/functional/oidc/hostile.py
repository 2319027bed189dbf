"""Partners of every strictness at one installation, for requests that must be refused, and how a refusal looks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx
from starlette.types import ASGIApp

from ipse.kernel.clock import FrozenClock, SystemClock, seconds
from ipse.kernel.keystore import Keystore
from ipse.partners.model import Service, ServiceType
from ipse.storage.database import Database
from tests.functional.oidc.back_channel import Door, Street
from tests.functional.oidc.conftest import register
from tests.functional.oidc.in_process import PROXY, client_of, installed
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.relying_party import RelyingParty
from tests.functional.oidc.strict import pushed

Keys = dict[str, tuple[dict[str, Any], dict[str, Any]]]
Where = Literal["page", "back", "body"]
STATE = "a b&c=é"
MORE: dict[str, dict[str, Any]] = {
    "PAY": {"type": ServiceType.CONFIRMATION, "backchannel_mode": "poll"},
    "SIGN": {"type": ServiceType.SIGNING},
    "STOPPED": {"state": "stopped"},
    "FAPI": {"profile": "fapi2"},
    "SIGNED": {"message_signing": True},
    "CALL": {"backchannel_mode": "poll", "contract": {"given_name": "voluntary"}},
    "ASK": {"type": ServiceType.IDENTIFICATION, "backchannel_mode": "poll", "contract": {"given_name": "voluntary"}},
    "RING": {"backchannel_mode": "ping", "notification_endpoint": "http://127.0.0.1:20199/nobody"},
    "STRICT_CALL": {"profile": "fapi2", "backchannel_mode": "poll"},
}
"""The services that a partner with keys has beside those of `conftest.CONTRACTS`."""
# RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
_STRICTER = "update partners_services set profile = 'fapi2' where code = $1 returning code"


@dataclass
class Asker(Door):
    """A partner's back end and a browser, by the clock of the installation."""

    def at(self, service: str) -> Asker:
        """The same with another service."""
        return replace(self, service=f"{self.client_id.upper()}_{service}")

    def assertion(self, **changes: Any) -> str:
        now = self._now()
        return super().assertion(**({"iat": now, "exp": now + 60} | changes))

    def request_object(self, **changes: Any) -> str:
        now = self._now()
        return super().request_object(**({"nbf": now, "exp": now + 300} | changes))


@dataclass
class Holder(Prover):
    """Proves a key by the clock of the installation, with a nonce that counts."""

    now: int = 0

    def proof(self, method: str, url: str, *, token: str | None = None, **changes: Any) -> str:
        return super().proof(method, url, token=token, **({"iat": self.now} | changes))


@dataclass(kw_only=True)
class World(Street):
    """An installation whose time stands still, and the partners that ask there."""

    application: ASGIApp
    ec: Asker
    rsa: Asker
    """Signs with RSA, is answered with ES256."""
    old: Asker
    """Migrates, with keys."""
    shared: Asker
    """Migrates, with a secret."""

    def party(self, name: str) -> Asker:
        found: Asker = getattr(self, name)
        return found

    def holder(self, party: Asker) -> Holder:
        return Holder(party, nonce=self.installation.provider.proofs.nonce, now=seconds(self.clock.now()))

    async def code(self, party: Asker, **asked: str | None) -> tuple[str, str | None]:
        """An approved code and its verifier; pushed, where the service wants it so."""
        service = await self.installation.partners.service(party.service)
        if service is not None and service.profile == "fapi2":
            return await pushed(self.installation, party, **asked)
        began = await party.begin(**asked)
        await self.installation.approve(began.handle)
        return (await party.finish(began))["code"], began.verifier

    async def stricter(self, party: Asker) -> Asker:
        """Put the service under `fapi2` behind the back of the registry, which would refuse."""
        assert await self.installation.database.row(_STRICTER, party.service)
        self.installation.partners._services.clear()
        return party

    async def known(self, party: Asker) -> dict[str, str]:
        """The hint for somebody whom this partner knows."""
        _, (subject,) = await self.person(party)
        return {"type": "subject_code", "value": subject}


Send = Callable[[World], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Case:
    """A request, and how it must be refused."""

    send: Send
    code: str
    where: Where = "body"
    party: str = "ec"
    """Whose request it is, as far as that can be known."""
    named: str = ""
    """The name in the log, where it is not that of the check: the one within it, or none."""
    status: int = 400
    logged: bool = True
    """Whether the request log of the partner says so; not where nobody can know yet whose request it is."""


def wrong(case: Case, answer: httpx.Response, world: World) -> list[str]:
    """What of a refusal is not as it must be; nothing where all is well."""
    if case.where == "page":
        return _on_our_page(case, answer)
    if case.where == "back":
        return _back(case, answer, world)
    said = answer.json() if answer.headers.get("content-type") == "application/json" else {}
    description = said.get("error_description", "")
    demands = {
        f"status {answer.status_code}": answer.status_code == case.status,
        f"error {said.get('error')}": said.get("error") == case.code,
        "no other members": said.keys() - {"reference"} == {"error", "error_description", "detail"},
        "detail is the description": said.get("detail") == description,
        f"a description that OAuth can carry: {description}": bool(_DESCRIPTION.fullmatch(description)),
        "kept by nobody": answer.headers.get("cache-control") == "no-store",
        "no redirect": "location" not in answer.headers,
    }
    return [demand for demand, met in demands.items() if not met]


def _on_our_page(case: Case, answer: httpx.Response) -> list[str]:
    demands = {
        f"status {answer.status_code}": answer.status_code == case.status,
        "no redirect": "location" not in answer.headers,
        "a page": answer.headers["content-type"].startswith("text/html"),
        "never framed": "frame-ancestors 'none'" in answer.headers.get("content-security-policy", ""),
        "the code": f"{case.status} {case.code}" in answer.text,
    }
    return [demand for demand, met in demands.items() if not met]


def _back(case: Case, answer: httpx.Response, world: World) -> list[str]:
    location = answer.headers.get("location", "")
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    demands = {
        f"status {answer.status_code}": answer.status_code == 303,
        f"to the proven redirect URI: {location}": location.startswith(world.party(case.party).redirect_uri + "&"),
        f"error {query.get('error')}": query.get("error") == case.code,
        "a description that OAuth can carry": bool(_DESCRIPTION.fullmatch(query.get("error_description", ""))),
        "who it is from": query.get("iss") == world.installation.issuer,
        "state": query.get("state") == STATE,
        "no code": "code" not in query,
    }
    return [demand for demand, met in demands.items() if not met]


@asynccontextmanager
async def world(keystore: Keystore, database: Database, keys: Keys) -> AsyncIterator[World]:
    """Build it; requests go straight into the application."""
    clock = FrozenClock(seconds(SystemClock().now()) * 1_000_000)
    async with installed(keystore, database, clock=clock, certificate_proxies=(PROXY,)) as (installation, application):
        pairs: dict[str, Any] = {
            "new-ec": keys["new-ec"],
            "new-rsa": (keys["migrating-key"][0], keys["new-ec"][1]),
            "migrating-key": keys["migrating-key"],
            "migrating-secret": None,
        }
        askers = []
        for kind, pair in pairs.items():
            party = await register(installation, kind, pair, "LOGIN")
            askers.append(_asker(party, clock, application))
            await party.close()
            if pair:
                await _more_services(installation, party, RING=kind == "new-ec", strict=kind.startswith("new"))
        made = World(
            installation=installation,
            clock=clock,
            doors=list(askers),
            application=application,
            **dict(zip(("ec", "rsa", "old", "shared"), askers, strict=True)),
        )
        yield made
        await made.close()


def _asker(party: RelyingParty, clock: FrozenClock, application: ASGIApp) -> Asker:
    return Asker(
        issuer=party.issuer,
        client_id=party.client_id,
        redirect_uri=party.redirect_uri,
        service=party.service,
        secret=party.secret,
        signing=party.signing,
        encryption=party.encryption,
        algorithms=party.algorithms,
        browser=client_of(application),
        clock=clock,
    )


async def _more_services(installation: Installation, party: RelyingParty, **kinds: bool) -> None:
    text = dict.fromkeys(("nl", "fr", "de", "en"), "More")
    for name, described in MORE.items():
        if (described.get("profile") == "fapi2" and not kinds["strict"]) or not kinds.get(name, True):
            continue
        fields: dict[str, Any] = {"type": ServiceType.AUTHENTICATION, "contract": {}, "state": "active", **described}
        service = Service(
            code=f"{party.client_id.upper()}_{name}",
            partner_id=party.client_id,
            name=text,
            purpose=text,
            redirect_uris=(party.redirect_uri,),
            **fields,
        )
        await installation.partners.register_service(service, actor="test")
