"""A partner without a browser, and what the people it asks do: signed requests by joserfc, approvals by the row."""

from __future__ import annotations

import itertools
import json
import secrets
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey, import_key

from ipse.kernel.clock import SECOND, FrozenClock, SystemClock, seconds
from ipse.kernel.ids import sha256
from ipse.kernel.keystore import Keystore
from ipse.oidc.rules.client_proofs import Endpoint
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.service import RequestLog
from ipse.storage.database import Database
from tests.functional.oidc.installation import Installation, build, listening, settings_at
from tests.functional.oidc.relying_party import ASSERTION_TYPE, RelyingParty, private_jwk, public_jwk

PORTS = itertools.cycle(range(19510, 19570, 2))
GRANT_TYPE = "urn:openid:params:grant-type:ciba"
KEYS = (private_jwk("EC", "sig", "s1"), private_jwk("EC", "enc", "e1"))
RSA = private_jwk("RSA", "sig", "r1")
EDWARDS = dict(OKPKey.generate_key("Ed25519", {"use": "sig", "kid": "d1"}).as_dict(private=True))
_ACTION_OF = "select action_id from oidc_backchannel where request_hash = $1"
_SCAN = """
update actions_actions set state = 'claimed', start = 'qr', account_id = $2, claimed_at = $3
where action_id = $1 and state = 'waiting' returning action_id
"""
_ACTION_OF_SESSION = "select action_id from oidc_discoveries where session_id = $1"


@dataclass
class Door(RelyingParty):
    """A partner's back end."""

    clock: FrozenClock | SystemClock | None = None

    def claims(self, hint: dict[str, str] | None, **changes: Any) -> dict[str, Any]:
        now = self._now()
        good = {
            "iss": self.client_id,
            "client_id": self.client_id,
            "aud": self.issuer,
            "scope": f"openid service:{self.service}",
            "login_hint_token": hint,
            "iat": now,
            "nbf": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(16),
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def signed(self, claims: dict[str, Any], key: dict[str, Any] | None = None, **header: Any) -> str:
        jwk = key or self.signing or {}
        imported = import_key(jwk)
        alg = "RS256" if jwk["kty"] == "RSA" else "ES256"
        head = {name: value for name, value in ({"alg": alg, "kid": jwk["kid"]} | header).items() if value is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 has given EdDSA another name
            return jws.serialize_compact(head, json.dumps(claims), imported, algorithms=[head["alg"]])

    async def send(self, request: str | None, **beside: str | None) -> httpx.Response:
        form = {"request": request, **self.credentials(), **beside}
        return await self.browser.post(
            f"{self.issuer}/backchannel/authentication",
            data={name: value for name, value in form.items() if value is not None},
        )

    async def ask(self, subject: str | None = None, *, token: str | None = None, **changes: Any) -> httpx.Response:
        """Ask somebody known, or whoever has scanned."""
        hint = {"type": "subject_code", "value": subject} if subject else None
        hint = {"type": "user_identifier_token", "value": token} if token else hint
        return await self.send(self.signed(self.claims(hint, **changes)))

    async def asked(self, subject: str | None = None, **changes: Any) -> dict[str, Any]:
        answer = await self.ask(subject, **changes)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def fetch(self, asked: dict[str, Any] | str, **changes: str | None) -> httpx.Response:
        auth_req_id = asked if isinstance(asked, str) else asked["auth_req_id"]
        form = {"grant_type": GRANT_TYPE, "auth_req_id": auth_req_id, **self.credentials(), **changes}
        return await self.browser.post(
            f"{self.issuer}/token", data={name: value for name, value in form.items() if value is not None}
        )

    async def session(self, session_id: str = "", **changes: str) -> httpx.Response:
        path = f"/{session_id}" if session_id else ""
        return await self.browser.post(
            f"{self.issuer}/user_discovery_sessions{path}", data={**self.credentials(), **changes}
        )

    def credentials(self) -> dict[str, str]:
        if self.secret is not None:
            return {"client_id": self.client_id, "client_secret": self.secret}
        now = self._now()
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(iat=now, exp=now + 60),
        }

    def _now(self) -> int:
        assert self.clock
        return seconds(self.clock.now())


@dataclass
class Street:
    """An installation with a clock that stands still, its doors, and the people behind them."""

    installation: Installation
    clock: FrozenClock
    doors: list[Door] = field(default_factory=list)

    async def close(self) -> None:
        for door in self.doors:
            await door.close()
        await self.installation.provider.pings.close()
        await self.log.close()

    @property
    def log(self) -> RequestLog:
        return self.installation.provider.request_log

    async def door(
        self,
        name: str = "door",
        *,
        kind: ServiceType = ServiceType.AUTHENTICATION,
        method: AuthMethod = AuthMethod.PRIVATE_KEY_JWT,
        **service: Any,
    ) -> Door:
        """Register a partner with one service for the back channel, and play its back end."""
        with_key = method is AuthMethod.PRIVATE_KEY_JWT
        preset = service.pop("preset", Preset.NEW)
        keys = [public_jwk(jwk) for jwk in (*KEYS, RSA, EDWARDS)]
        partner = Partner(
            partner_id=name,
            name=f"Partner {name}",
            state="active",
            auth_method=method,
            jwks={"keys": keys} if with_key else None,
            algorithms=preset_algorithms(preset, method, encryption_key_type="EC" if with_key else None),
            preset=preset,
        )
        secret = None if with_key else "a secret of 32 characters or more"
        await self.installation.partners.register_partner(partner, secret=secret, actor="test")
        code = f"{name.upper()}_OPEN"
        text = dict.fromkeys(("nl", "fr", "de", "en"), code)
        described: dict[str, Any] = {"contract": {}, "backchannel_mode": "poll", **service}
        await self.installation.partners.register_service(
            Service(
                code=code, partner_id=name, type=kind, state="active", name=text, purpose=text,
                redirect_uris=(), **described,
            ),
            actor="test",
        )  # fmt: skip
        algorithms = partner.algorithms
        door = Door(
            issuer=self.installation.issuer,
            client_id=name,
            redirect_uri="",
            service=code,
            secret=secret,
            signing=KEYS[0] if with_key else None,
            encryption=KEYS[1] if with_key else None,
            algorithms=(
                algorithms.id_token_signed_response_alg,
                algorithms.id_token_encrypted_response_alg,
                algorithms.id_token_encrypted_response_enc,
            ),
            clock=self.clock,
        )
        self.doors.append(door)
        return door

    async def person(self, *doors: Door) -> tuple[str, list[str]]:
        """An account, and by what the doors know it."""
        account_id = await self.installation.new_person()
        people = self.installation.people
        return account_id, [await people.subject(account_id, door.client_id) for door in doors]

    async def scan(self, session_id: str, account_id: str) -> None:
        """What a phone's scan does to the row of a discovery."""
        database = self.installation.database
        found = await database.row(_ACTION_OF_SESSION, session_id)
        assert found is not None
        assert await database.row(_SCAN, found["action_id"], account_id, self.clock.now()) is not None

    async def action_of(self, asked: dict[str, Any]) -> str:
        row = await self.installation.database.row(_ACTION_OF, sha256(asked["auth_req_id"]))
        assert row is not None
        return str(row["action_id"])

    async def reached(self, asked: dict[str, Any]) -> bool:
        """Whether the request lies with a person."""
        view = await self.installation.actions.find(await self.action_of(asked))
        return view.action.account_id is not None

    async def approve(self, asked: dict[str, Any], account_id: str, **how: Any) -> None:
        await self.installation.approve(await self._handle(asked), person=account_id, **how)
        self.installation.database.wakeups.wake(f"action:{await self.action_of(asked)}")

    async def reject(self, asked: dict[str, Any]) -> None:
        await self.installation.reject(await self._handle(asked))
        self.installation.database.wakeups.wake(f"action:{await self.action_of(asked)}")

    async def checks(self, door: Door, *, at: Endpoint = Endpoint.BACKCHANNEL) -> list[tuple[str, str]]:
        """What the request log tells the door's developer, oldest first: check and error."""
        lines = await self.log.lines(door.client_id)
        return [(line.check, line.error) for line in reversed(lines) if line.endpoint == at]

    async def _handle(self, asked: dict[str, Any]) -> str:
        return (await self.installation.actions.find(await self.action_of(asked))).action.handle


@asynccontextmanager
async def street(keystore: Keystore, database: Database) -> AsyncIterator[Street]:
    """Serve an installation on a port of our own range."""
    port, clock = next(PORTS), FrozenClock(SystemClock().now() - 60 * SECOND)
    installation, application = build(settings_at(port, "sqlite:///given"), keystore, database, clock=clock)
    async with listening(application, port):
        running = Street(installation, clock)
        yield running
        await running.close()
