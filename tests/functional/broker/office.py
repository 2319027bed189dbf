"""A broker's back office at an installation in this process, and what phones would do there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey

from ipse.actions.model import Approval, Shown
from ipse.actions.service import Actions
from ipse.app.composition import Scheme, build_scheme
from ipse.kernel.clock import SECOND, FrozenClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment, Limit, Limits, Settings
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.service import PartnerTokens
from ipse.people.model import AccountState, Enrolled
from ipse.standards.jose import new_private_jwk, public_jwk
from ipse.storage.database import Database

BASE = "http://localhost:19600"
ISSUER = BASE + "/v2"
CALLBACK = "https://desk.example/back"
CALLBACKS = {"success": CALLBACK, "abort": f"{CALLBACK}?end=abort", "error": f"{CALLBACK}?end=error"}
ATTRIBUTES = {
    "given_name": "required",
    "family_name": "required",
    "birthdate": "voluntary",
    "email": "voluntary",
    "address": "voluntary",
    "BENationalNumber": "voluntary",
    "place_of_birth": "voluntary",
}
ADA = {
    "given_name": "Ada",
    "family_name": "Lievens",
    "birthdate": "1988-05-17",
    "email": "ada@example.org",
    "address": {"formatted": "Kaai 1", "street_address": "Kaai 1", "postal_code": "9000", "locality": "Gent"},
    "BENationalNumber": "88051700015",
    "place_of_birth": {"city": "Gent", "country": "BE"},
}
KEYS = {
    name: {use: new_private_jwk(alg, kid=f"{name}-{use}") for use, alg in (("sig", "ES256"), ("enc", "ECDH-ES"))}
    for name in ("desk", "rival", "museum", "library")
}
_GENEROUS = Limit(burst=100_000, per_minute=1_000_000)
_HANDLE = re.compile(r"/v2/sign-in/([A-Za-z0-9_-]{22})")
_APPROVE = """
update actions_actions set state = 'approved', start = $2, account_id = $3, subject = $4, sealed_shown = $5,
  sealed_approval = $6, decided_at = $7, expires_at = $8
where action_id = $1 and state = 'waiting' returning action_id
"""
_REJECT = """
update actions_actions set state = 'rejected', why = $2, decided_at = $3
where action_id = $1 and state = 'waiting' returning action_id
"""
_BY_HANDLE = "select action_id, partner_id, request, handle, state, account_id from actions_actions where handle = $1"
_OF_SESSION = "select action_id from broker_sessions where session_id = $1"
_BY_ID = "select handle from actions_actions where action_id = $1"


@dataclass
class Office:
    """One installation with a broker, its two final partners, a partner of its own account, and their rivals."""

    scheme: Scheme
    actions: Actions
    tokens: PartnerTokens
    clock: FrozenClock
    api: httpx.AsyncClient

    @property
    def database(self) -> Database:
        return self.scheme.database

    async def bearer(self, partner_id: str = "desk", scope: str = "broker") -> dict[str, str]:
        token = await self.tokens.issue(partner_id, scope, seconds=3600)
        return {"Authorization": f"Bearer {token}"}

    async def create(self, *, caller: str = "desk", **members: Any) -> httpx.Response:
        body = {"service": "MUSEUM_CARD", "requestedAttributes": ["firstName", "lastName"], "callbackUrls": CALLBACKS}
        body = {name: value for name, value in {**body, **members}.items() if value is not None}
        return await self.api.post("/broker/v1/sessions", json=body, headers=await self.bearer(caller))

    async def headless(self, **members: Any) -> dict[str, Any]:
        created = await self.create(flow="headless", callbackUrls=None, **members)
        assert created.status_code == 201, created.text
        session: dict[str, Any] = created.json()
        return session

    async def session(self, **members: Any) -> dict[str, Any]:
        created = await self.create(**members)
        assert created.status_code == 201, created.text
        session: dict[str, Any] = created.json()
        return session

    async def read(self, session: Mapping[str, Any], value: str | None = None, caller: str = "desk") -> httpx.Response:
        headers = await self.bearer(caller) | ({"Result-Token": value} if value is not None else {})
        return await self.api.get(f"/broker/v1/sessions/{session['id']}", headers=headers)

    async def cancel(self, session: Mapping[str, Any], caller: str = "desk") -> httpx.Response:
        headers = await self.bearer(caller)
        return await self.api.post(f"/broker/v1/sessions/{session['id']}/cancel", headers=headers)

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.api._transport, base_url=BASE, timeout=30)

    async def open(self, session: Mapping[str, Any], browser: httpx.AsyncClient) -> str:
        """Open the authentication URL; the handle of the page it shows."""
        page = await browser.get(session["authenticationUrl"])
        assert page.status_code == 200, page.text
        found = _HANDLE.search(page.text)
        assert found is not None
        return found[1]

    async def finish(self, browser: httpx.AsyncClient, handle: str) -> httpx.URL:
        """Where the browser goes when the page goes on."""
        answer = await browser.get(f"/v2/sign-in/{handle}/finish")
        assert answer.status_code == 303, answer.text
        return httpx.URL(answer.headers["Location"])

    async def handle(self, session: Mapping[str, Any]) -> str:
        """The handle of a session's action, which nobody is told of a headless one."""
        found = await self.database.row(_OF_SESSION, session["id"])
        assert found is not None
        action = await self.database.row(_BY_ID, found["action_id"])
        assert action is not None
        return str(action["handle"])

    async def new_person(self) -> str:
        people, now = self.scheme.people, self.clock.now()
        epoch = await people.current_epoch()
        name = RandomIds().identifier()
        enrolled = Enrolled(
            identity=name,
            phone_number=name,
            language="en",
            level="substantial",
            state=AccountState.ACTIVE,
            why=None,
            acceptances=(),
        )
        account, _, _ = await self.database.transact(lambda: people.enrolling(enrolled, epoch=epoch, now=now))
        return account.account_id

    async def approve(self, handle: str, *, person: str | None = None) -> str | None:
        """Do what a phone's approval does to the row; the subject, or None when the row was not waiting."""
        action = await self.database.row(_BY_HANDLE, handle)
        assert action is not None
        people = self.scheme.people
        account = person or await self.new_person()
        subject = await people.subject(account, action["partner_id"])
        asked = [entry["name"] for entry in msgspec.json.decode(action["request"])["attributes"]]
        known = {name: value for name, value in ADA.items() if name in asked}
        shown = Shown(msgspec.json.encode({"level": "substantial", "attributes": [{"name": n} for n in known]}), known)
        key, seal, now = await people.person_key(account), self.actions.sealed, self.clock.now()
        row = await self.database.row(
            _APPROVE, action["action_id"], "qr", account, subject,
            seal(key, action["action_id"], "sealed_shown", shown),
            seal(key, action["action_id"], "sealed_approval", Approval("", tuple(known), {}, "")),
            now, now + 180 * SECOND,
        )  # fmt: skip
        return subject if row is not None else None

    async def reject(self, handle: str, why: str = "declined") -> None:
        action = await self.database.row(_BY_HANDLE, handle)
        assert action is not None
        await self.database.rows(_REJECT, action["action_id"], why, self.clock.now())

    async def approved(self, session: Mapping[str, Any], browser: httpx.AsyncClient) -> tuple[str, str]:
        """A redirect session from its URL to its callback: the value that came back, and the subject."""
        handle = await self.open(session, browser)
        subject = await self.approve(handle)
        assert subject is not None
        target = await self.finish(browser, handle)
        return target.params["resultToken"], subject


def signed(method: str, path: str, *, key: str = "desk", typ: str = "ipse-broker-request+jwt", **changes: Any) -> str:
    """A signed request, made with joserfc; claims may be changed or, with None, left out."""
    now = int(FrozenClock().now() // SECOND)
    claims = {
        "iss": key,
        "aud": ISSUER,
        "iat": now,
        "exp": now + 60,
        "jti": RandomIds().identifier(),
        "htm": method,
        "htu": BASE + path,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    private = KEYS[key]["sig"]
    header = {"alg": "ES256", "kid": private["kid"], "typ": typ}
    return jwt.encode(header, claims, ECKey.import_key(dict(private)), algorithms=["ES256"])


def assertion(client_id: str) -> dict[str, str]:
    """How a key partner proves itself at the token endpoint (RFC 7523)."""
    claims = {"sub": client_id, "htm": None, "htu": None}
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"client_assertion_type": kind, "client_assertion": signed("", "", key=client_id, typ="JWT", **claims)}


@asynccontextmanager
async def working(keystore: Keystore, database: Database) -> AsyncIterator[Office]:
    """Build the scheme, register everybody, and talk to it without a network."""
    clock = FrozenClock()
    settings = Settings(
        environment=Environment.SANDBOX,
        base_url=BASE,
        app_origin="http://localhost:19602",
        database="sqlite:///given",
        keystore="file:/nowhere",
        limits=Limits(page=_GENEROUS, partner=_GENEROUS, wait=_GENEROUS, static=_GENEROUS),
    )
    ids = RandomIds()
    scheme = await build_scheme(settings, keystore, database, clock=clock, ids=ids)
    actions = Actions(database, scheme.people, keystore, clock, ids, settings.lifetimes)
    transport = httpx.ASGITransport(scheme.application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, timeout=30) as api:
        office = Office(scheme, actions, PartnerTokens(database, clock, ids), clock, api)
        await _register(office)
        yield office
    await scheme.close()


async def _register(office: Office) -> None:
    partners = office.scheme.partners
    for name, title, more in (
        ("desk", "Desk Services", {"broker": True}),
        ("rival", "Rival Services", {"broker": True}),
        ("museum", "Museum of Pots", {"registered_by": "desk"}),
        ("library", "Town Library", {"registered_by": "desk"}),
    ):
        await partners.register_partner(_partner(name, title, **more), secret=None, actor="test")
    services = (
        ("MUSEUM_CARD", "desk", "museum", ServiceType.IDENTIFICATION),
        ("LIBRARY_LOGIN", "desk", "library", ServiceType.AUTHENTICATION),
        ("DESK_LOGIN", "desk", "", ServiceType.AUTHENTICATION),
        ("DESK_PAY", "desk", "", ServiceType.CONFIRMATION),
        ("RIVAL_LOGIN", "rival", "", ServiceType.AUTHENTICATION),
    )
    for code, owner, final, kind in services:
        text = dict.fromkeys(("nl", "fr", "de", "en"), code)
        service = Service(
            code=code,
            partner_id=owner,
            type=kind,
            state="active",
            name=text,
            purpose=text,
            redirect_uris=(),
            contract=ATTRIBUTES,
            callback_urls=tuple(CALLBACKS.values()),
            final_partner=final,
        )
        await partners.register_service(service, actor="test")


def _partner(name: str, title: str, **more: Any) -> Partner:
    method = AuthMethod.PRIVATE_KEY_JWT
    return Partner(
        partner_id=name,
        name=title,
        state="active",
        auth_method=method,
        jwks={"keys": [public_jwk(jwk) for jwk in KEYS[name].values()]},
        algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type="EC"),
        **more,
    )
