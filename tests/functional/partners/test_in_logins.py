"""What partners' registrations mean in real requests: grants in production, and keys that are fetched."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from ipse.app.registry import CATALOGUE
from ipse.attributes.model import ATTRIBUTES
from ipse.kernel.clock import SECOND, SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.service import Grants
from ipse.partners.service.grants import GrantRequest
from tests.functional.oidc.in_process import client_of, installed
from tests.functional.oidc.relying_party import RelyingParty, private_jwk, public_jwk
from tests.functional.partners.network import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from ipse.kernel.keystore import Keystore
    from ipse.storage.database import Database
    from tests.functional.oidc.installation import Installation

CLAIM = "http://itsme.services/v2/claim/"
BACK = "https://shop.example/back"
TEXTS = dict.fromkeys(("nl", "fr", "de", "en"), "Shop")
METHOD = AuthMethod.PRIVATE_KEY_JWT
ALGORITHMS = preset_algorithms(Preset.NEW, METHOD, encryption_key_type="EC")
PROTECTED = {name: attribute for name, attribute in ATTRIBUTES.items() if attribute.protected}
_ACTIONS = "select action_id from actions_actions"
_AGE = """
update partners_fetched_keys set asked_at = asked_at - $1, fetched_at = fetched_at - $1, fresh_until = fresh_until - $1
returning partner_id
"""


@dataclass
class Clock:
    """The machine's clock, moved on: assertions of the test's own are of now."""

    later: int = 0

    def now(self) -> int:
        return SystemClock().now() + self.later


@dataclass
class Keys:
    """A partner's key pairs."""

    sig: dict[str, Any]
    enc: dict[str, Any]

    @classmethod
    def new(cls, number: int) -> Keys:
        return cls(private_jwk("EC", "sig", f"s{number}"), private_jwk("EC", "enc", f"e{number}"))

    @property
    def public(self) -> dict[str, Any]:
        return {"keys": [public_jwk(self.sig), public_jwk(self.enc)]}


@asynccontextmanager
async def shop(installation: Installation, application: ASGIApp, keys: Keys) -> AsyncIterator[RelyingParty]:
    async with client_of(application) as browser:
        yield RelyingParty(
            issuer=installation.issuer,
            client_id="shop",
            redirect_uri=BACK,
            service="SHOP_LOGIN",
            signing=keys.sig,
            encryption=keys.enc,
            browser=browser,
        )


async def register(installation: Installation, contract: dict[str, str], **partner: Any) -> None:
    given: dict[str, Any] = {"jwks": None, "published": None} | partner
    published = given.pop("published")
    registration = Partner(
        partner_id="shop", name="Shop", state="active", auth_method=METHOD, algorithms=ALGORITHMS, **given
    )
    await installation.partners.register_partner(registration, secret=None, actor="test", published=published)
    service = Service(
        code="SHOP_LOGIN", partner_id="shop", type=ServiceType.AUTHENTICATION, state="active", name=TEXTS,
        purpose=TEXTS, redirect_uris=(BACK,), contract=contract,
    )  # fmt: skip
    await installation.partners.register_service(service, actor="test")


async def answers(party: RelyingParty, name: str) -> list[str]:
    """What the ways to ask for one attribute are answered with: an error code, or nothing where it is begun."""
    attribute = ATTRIBUTES[name]
    claim = CLAIM + name if attribute.prefixed else name
    asked: list[dict[str, Any]] = [{"claims": {"id_token": {claim: None}}}, {"claims": {"userinfo": {claim: None}}}]
    asked += [{"scope": f"openid service:{party.service} {scope}"} for scope in attribute.scopes]
    found = []
    for way in asked:
        written = {key: value if key == "scope" else json.dumps(value) for key, value in way.items()}
        nested = await party.encrypted(party.request_object(**way))
        scope = way.get("scope", f"openid service:{party.service}")
        pushed = await party.push(**written)
        found.append(pushed.json().get("error", ""))
        for answer in (await party.authorize(**written), await party.authorize(request=nested, scope=scope)):
            where = answer.headers.get("location", "")
            found.append(httpx.URL(where).params["error"] if where else "")
    return found


async def test_in_production_a_protected_attribute_needs_a_grant(keystore: Keystore, database: Database) -> None:
    """T-10: in the contract, and still refused by every way of asking until somebody has answered for it."""
    clock, keys = Clock(), Keys.new(1)
    production: dict[str, Any] = {"environment": Environment.PRODUCTION, "base_url": "https://id.example"}
    async with installed(keystore, database, clock=clock, **production) as (installation, application):
        installation.partners.catalogue = CATALOGUE
        await register(installation, dict.fromkeys(ATTRIBUTES, "voluntary"), jwks=keys.public)
        async with shop(installation, application, keys) as party:
            for name in PROTECTED:
                assert set(await answers(party, name)) == {"invalid_scope"}, name
            assert not await database.rows(_ACTIONS), "nobody was bothered"
            assert set(await answers(party, "email")) == {""}, "what is not protected needs none"
            grants = Grants(installation.partners, RandomIds())
            grant = await grants.record(
                GrantRequest("SHOP_LOGIN", "place_of_birth", "Act", "payroll", "A.", clock.now() + 60 * SECOND),
                actor="test",
            )
            assert set(await answers(party, "place_of_birth")) == {""}
            assert set(await answers(party, "BEeidSn")) == {"invalid_scope"}, "and nothing else"
            clock.later = 61 * SECOND
            assert set(await answers(party, "place_of_birth")) == {"invalid_scope"}, f"{grant.grant_id} has ended"


async def test_a_login_with_keys_that_are_fetched(keystore: Keystore, database: Database) -> None:
    """Partner protocol 1.2: the partner adds keys, switches and takes the old ones away; no login fails."""
    old, new = Keys.new(1), Keys.new(2)
    switching = Keys(old.sig, new.enc)
    async with serving() as server, installed(keystore, database) as (installation, application):
        await register(installation, {}, jwks_uri=f"http://127.0.0.1:{server.port}/jwks", published=old.public)

        async def login(keys: Keys) -> None:
            async with shop(installation, application, keys) as party:
                began = await party.begin()
                await installation.approve(began.handle)
                code = (await party.finish(began))["code"]
                answer = await party.token(code, began.verifier)
                assert answer.status_code == 200, answer.text
                await party.opened(answer.json()["id_token"])

        async def later(seconds: int) -> None:
            """Let what was fetched grow older, and start anew."""
            await database.rows(_AGE, seconds * SECOND)
            installation.provider.authentication.desk.keys._kept.clear()

        await login(old)
        assert server.asked == [], "what was judged at registration is used"
        server.says(msgspec.json.encode({"keys": [*old.public["keys"][:1], *new.public["keys"]]}))
        await later(61)
        await login(new)
        assert len(server.asked) == 1, "an unknown kid makes us look"
        await login(switching)
        server.says(msgspec.json.encode(new.public))
        await later(1800)
        async with shop(installation, application, switching) as party:
            refused = await party.push()
        assert refused.json()["error"] == "invalid_client", "a key that was taken away counts no more"
        await login(new)
        server.says(b"", status="503 Service Unavailable")
        await later(86_400)
        await login(new)
        assert len(server.asked) == 3, "the last good keys count while the address fails"
