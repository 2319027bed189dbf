"""The lab of docs/conformance/lab.toml in one process, and clients as a suite of outside judges plays them.

Nothing listens and no phone rings: requests go straight into the application, and tests approve by the row. The clock
stands still and is moved by tests, so that nobody waits a minute for a code to expire.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, KeySet, import_key

from ipse.actions.service import Actions
from ipse.app.composition import Scheme, build_scheme
from ipse.cli.lab import seeding
from ipse.cli.lab.file import LabFile, read
from ipse.kernel.clock import FrozenClock, seconds
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.storage.database import open_database
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.prover import Prover
from tests.functional.oidc.relying_party import ASSERTION_TYPE, Began, RelyingParty

DOCUMENTS = Path(__file__).parents[3] / "docs" / "conformance"
PERSON = {
    "name": "Ada Lievens",
    "given_name": "Ada",
    "family_name": "Lievens",
    "birthdate": "1990-03-14",
    "gender": "female",
    "locale": "nl",
    "email": "ada.lievens@post.example",
    "email_verified": True,
    "phone_number": "+32 485694175",
    "phone_number_verified": True,
    "address": {"formatted": "Kaai 1\n9000 Gent", "country": "BE"},
}
_ALGORITHMS = ["RS256", "PS256", "ES256"]


@dataclass
class Lab:
    """The running lab, and the one person in it."""

    file: LabFile
    known: dict[str, seeding.Credentials]
    scheme: Scheme
    installation: Installation
    clock: FrozenClock
    person: str

    def client(self, client_id: str, *, service: str = "") -> Client:
        """A client with a fresh browser."""
        described, mine = self.file.client(client_id), self.known[client_id]
        chosen = next(each for each in described.services if not service or each.code == service)
        keys = [*mine.keys, None, None]
        alg, enc = described.encryption or ("", "")
        return Client(
            issuer=self.scheme.settings.issuer,
            client_id=client_id,
            redirect_uri=chosen.redirect_uris[0] if chosen.redirect_uris else "",
            service=chosen.code,
            secret=mine.secret or None,
            signing=_for_any_algorithm(keys[0]),
            encryption=keys[1],
            algorithms=(described.id_token, alg, enc),
            browser=self.browser(),
            lab=self,
            basic=described.auth == "client_secret_basic",
            signs=described.signing,
        )

    def browser(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.scheme.application, client=("127.0.0.3", 40_000))
        return httpx.AsyncClient(transport=transport)

    async def approve(self, handle: str, **how: Any) -> str:
        return await self.installation.approve(handle, values=PERSON, person=self.person, **how)

    async def approve_the_next(self) -> str:
        """What the lab's phone does: look for a request that waits, and approve it."""
        async with self.browser() as phone:
            for _ in range(200):
                waiting = (await phone.get(self.scheme.settings.base_url + "/lab/requests")).json()
                if waiting:
                    return await self.approve(waiting[-1]["handle"])
                await asyncio.sleep(0.02)
        raise AssertionError("no request came")

    @property
    def now(self) -> int:
        return seconds(self.clock.now())


def _for_any_algorithm(jwk: dict[str, Any] | None) -> dict[str, Any] | None:
    """A key that does not say what it is for: clients also do wrong with theirs."""
    return None if jwk is None else {name: value for name, value in jwk.items() if name != "alg"}


@dataclass
class Came:
    """What a login brought."""

    tokens: dict[str, Any]
    claims: dict[str, Any]
    code: str
    verifier: str


@dataclass
class Client(RelyingParty):
    """A client of the suite. Its answers are signed only, its UserInfo is JSON."""

    lab: Lab = field(default=cast("Lab", None))
    basic: bool = False
    signs: str = "ES256"

    async def login(self, **changes: str | None) -> Came:
        """From request to ID token."""
        began = await self.begin(**({"scope": "openid"} | changes))
        began.state = changes.get("state") or began.state
        await self.lab.approve(began.handle)
        return await self.came(began)

    async def came(self, began: Began) -> Came:
        code = (await self.finish(began))["code"]
        answer = await self.token(code, began.verifier)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        return Came(tokens, await self.opened(tokens["id_token"]), code, began.verifier)

    def assertion(self, **changes: Any) -> str:
        now = self.lab.now
        header = {"alg": self.signs} | changes.pop("header", {})
        return super().assertion(**({"iat": now, "exp": now + 60} | changes), header=header)

    def credentials(self) -> dict[str, str]:
        if self.basic:
            return {}
        return super().credentials()

    def authorization(self) -> dict[str, str]:
        if not self.basic:
            return {}
        return {"Authorization": "Basic " + b64encode(f"{self.client_id}:{self.secret}".encode()).decode()}

    async def token(self, code: str, verifier: str | None, /, **changes: str | None) -> httpx.Response:
        good: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
            **self.credentials(),
        }
        form = {name: value for name, value in (good | changes).items() if value is not None}
        return await self.browser.post(f"{self.issuer}/token", data=form, headers=self.authorization())

    async def opened(self, nested: str) -> dict[str, Any]:
        """The claims of an ID token, signed and perhaps encrypted."""
        await self.discover()
        signing, alg, enc = self.algorithms
        token = nested
        if alg:
            assert self.encryption
            token = (
                jwe.decrypt_compact(nested, import_key(self.encryption), algorithms=[alg, enc]).plaintext or b""
            ).decode()
        keys = KeySet.import_key_set((await self.browser.get(self.metadata["jwks_uri"])).json())
        claims = dict(jwt.decode(token, keys, algorithms=[signing]).claims)
        now = self.lab.now
        assert claims["iss"] == self.issuer
        assert claims["aud"] == self.client_id
        assert claims["iat"] <= now < claims["exp"]
        return claims

    async def shared(self, access_token: str) -> dict[str, Any]:
        answer = await self.userinfo(access_token)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        found: dict[str, Any] = answer.json()
        return found

    def error(self, answer: httpx.Response) -> str:
        """The error that an answer takes back to the client."""
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert answer.headers["location"].startswith(self.redirect_uri)
        assert query["iss"] == [self.issuer]
        return query["error"][0]


@dataclass
class Strict:
    """A client of FAPI 2.0: pushed requests, a DPoP key, and a browser."""

    client: Client
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    nonce: str | None = None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    sends_nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def lab(self) -> Lab:
        return self.client.lab

    @property
    def prover(self) -> Prover:
        return Prover(self.client, self.key, self.nonce)

    def proof(self, path: str, *, method: str = "POST", **changes: Any) -> str:
        changes.setdefault("iat", self.lab.now)
        return self.prover.proof(method, self.client.issuer + path, **changes)

    def asked(self, **changes: str | None) -> dict[str, str]:
        challenge = urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        good: dict[str, str | None] = {
            "client_id": self.client.client_id,
            "response_type": "code",
            "scope": f"openid service:{self.client.service}",
            "redirect_uri": self.client.redirect_uri,
            "state": self.state,
            "nonce": self.sends_nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def signed(self, *, header: dict[str, str] | None = None, key: dict[str, Any] | None = None, **changes: Any) -> str:
        """A request object with some members changed; None leaves one out."""
        now = self.lab.now
        good = {**self.asked(), "iss": self.client.client_id, "aud": self.client.issuer, "nbf": now, "exp": now + 300}
        claims = {name: value for name, value in (good | changes).items() if value is not None}
        signing = key or self.client.signing or {}
        head = {"alg": "PS256", "kid": signing["kid"], "typ": "oauth-authz-req+jwt"} | (header or {})
        return jws.serialize_compact(head, json.dumps(claims), import_key(signing), algorithms=[head["alg"]])

    async def push(
        self, form: dict[str, str] | None = None, *, bound: bool = False, **changes: str | None
    ) -> httpx.Response:
        """The answer to a pushed request, `bound` with a proof; `changes` concern how the client proves itself."""
        proven: dict[str, str | None] = {**self.client.credentials(), **changes}
        data = {**(form or self.asked()), **{name: value for name, value in proven.items() if value is not None}}
        for _ in range(2):
            headers = {"DPoP": self.proof("/par")} if bound else {}
            address = self.client.issuer + "/par"
            answer = self.heard(await self.client.browser.post(address, data=data, headers=headers))
            if answer.json().get("error") != "use_dpop_nonce":
                break
        return answer

    async def pushed(self, form: dict[str, str] | None = None) -> str:
        answer = await self.push(form)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["request_uri"])

    async def open(self, request_uri: str, **beside: str) -> httpx.Response:
        query = {"client_id": self.client.client_id, "request_uri": request_uri, **beside}
        return await self.client.browser.get(self.client.issuer + "/authorization", params=query)

    async def code(self, form: dict[str, str] | None = None, *, reject: bool = False) -> dict[str, str]:
        """What comes back to the client."""
        return await self.back(await self.open(await self.pushed(form)), reject=reject)

    async def back(self, page: httpx.Response, *, reject: bool = False) -> dict[str, str]:
        assert page.status_code == 200, page.text
        handle = page.text.partition("/v2/sign-in/")[2][:22]
        if reject:
            await self.lab.installation.reject(handle)
        else:
            await self.lab.approve(handle)
        answer = await self.client.browser.get(f"{self.client.issuer}/sign-in/{handle}/finish")
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(self.client.redirect_uri)
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    async def redeem(self, code: str, *, proof: str | None = "", **changes: str | None) -> httpx.Response:
        """The answer of the token endpoint; a proof of ours goes along unless another or None is given."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "code_verifier": self.verifier,
            **self.client.credentials(),
            **changes,
        }
        data = {name: value for name, value in form.items() if value is not None}
        answer = await self._token(data, proof)
        if proof == "" and answer.json().get("error") == "use_dpop_nonce":
            answer = await self._token(data, proof)
        return answer

    async def _token(self, data: dict[str, str], proof: str | None) -> httpx.Response:
        sent = self.proof("/token") if proof == "" else proof
        headers = {"DPoP": sent} if sent else {}
        return self.heard(await self.client.browser.post(self.client.issuer + "/token", data=data, headers=headers))

    async def tokens(self, form: dict[str, str] | None = None) -> Came:
        """The whole flow."""
        code = (await self.code(form))["code"]
        answer = await self.redeem(code)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["token_type"] == "DPoP"
        return Came(found, await self.client.opened(found["id_token"]), code, self.verifier)

    async def read(
        self, token: str, *, scheme: str = "DPoP", proof: str | None = "", path: str = "/userinfo", **changes: Any
    ) -> httpx.Response:
        """The answer of UserInfo, the resource of this plan."""
        sent = self.proof(path, method="GET", token=token, **changes) if proof == "" else proof
        headers = {"Authorization": f"{scheme} {token}"} | ({"DPoP": sent} if sent else {})
        return self.heard(await self.client.browser.get(self.client.issuer + path, headers=headers))

    def heard(self, answer: httpx.Response) -> httpx.Response:
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        return answer


@asynccontextmanager
async def lab_in(folder: Path, database_url: str, keystore: Keystore, **changes: Any) -> AsyncIterator[Lab]:
    """The lab of the documentation, with fresh keys of its clients; `changes` are of its settings."""
    file = read(DOCUMENTS / "lab.toml")
    settings = msgspec.convert({**file.settings(folder), "database": database_url, **changes}, Settings)
    settings.check()
    clock, ids = FrozenClock(round(time.time()) * 1_000_000), RandomIds()
    known = seeding.credentials(file, folder / "clients.json", ids, clock)
    database = await open_database(database_url)
    scheme = await build_scheme(settings, keystore, database, clock=clock, ids=ids)
    actions = Actions(database, scheme.people, scheme.keys, clock, ids, settings.lifetimes)
    installation = Installation(settings, database, scheme.people, scheme.partners, actions, cast("Any", None), clock)
    try:
        await seeding.register(scheme.partners, file, known)
        yield Lab(file, known, scheme, installation, clock, await installation.new_person())
    finally:
        await scheme.close()
        await database.close()


__all__ = ["ASSERTION_TYPE", "Client", "Lab", "Strict", "lab_in"]
