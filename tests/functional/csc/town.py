"""An installation that signs, as a partner's developer meets it: processes of its own for keys and certificates."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
import socket
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import uvicorn

from ipse.app.composition import Scheme, build_scheme
from ipse.cli.world_files import register_banks
from ipse.enrolment.service.registrars import Registrars
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment, Limit, Limits, Settings
from ipse.kernel.settings.parts import Certification, Signing
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.sandbox.places import Places
from ipse.sandbox.server import application
from ipse.sandbox.world import World
from ipse.softphone import Activation, SoftPhone
from ipse.standards.jose import new_private_jwk, public_jwk
from ipse.storage.database import open_database

CODE = "13579"
BACK = "https://notary.example/back?from=sign"
SECRETS = {
    "notary": "notary's own secret, of thirty-two characters and more",
    "rival": "rival's secret is long enough, too, I hope",
}
KEYS = [new_private_jwk(alg, kid=f"studio-{alg}") for alg in ("ES256", "ECDH-ES")]
RSA_SHA256 = "1.2.840.113549.1.1.11"
SHA256 = "2.16.840.1.101.3.4.2.1"
TOLD_PORT = 24390
TOLD = f"http://127.0.0.1:{TOLD_PORT}/told"
CONTRACTS = (("notary", "NOTARY_DEEDS", 70), ("rival", "RIVAL_SIGN", 1), ("studio", "STUDIO_SIGN", 12))
_CONTENT = re.compile(r'data-content="([^"]+)"')
_HERE = re.compile(r'data-here="([^"]+)"')
_PLENTY = Limit(burst=100_000, per_minute=1_000_000)
T = TypeVar("T")


@dataclass
class MovableClock:
    """The machine's time, and a little later where a test says so."""

    ahead: int = 0

    def now(self) -> int:
        return time.time_ns() // 1000 + self.ahead


class Line:
    """An event loop in a thread of its own: what runs in it is a process of the scheme to everybody else."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(60)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def serving(line: Line, app: Any, port: int, *, lifespan: bool = False) -> Iterator[None]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="on" if lifespan else "off", timeout_graceful_shutdown=1
    )
    server = _Server(config)
    task = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listener]), line.loop)
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    task.result(10)


@dataclass(frozen=True)
class Town:
    """A scheme with its world, serving."""

    scheme: Scheme
    line: Line
    clock: MovableClock
    settings: Settings
    keystore: Keystore
    port: int
    phones: dict[str, SoftPhone] = field(default_factory=dict)
    browsers: list[httpx.Client] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    def person(self, name: str, bank: str, number: str) -> SoftPhone:
        """Somebody with an identity on a phone; the same phone the next time."""
        if name not in self.phones:
            phone = SoftPhone(clock=self.clock)
            phone.activate(Activation(base=self.base, bank=bank, person=name, code=CODE, phone_number=number))
            self.phones[name] = phone
        return self.phones[name]

    def ada(self) -> SoftPhone:
        return self.person("ada", "bank-vesta", "+32 400000101")

    def bram(self) -> SoftPhone:
        return self.person("bram", "bank-meridiaan", "+31 670000102")

    @contextlib.contextmanager
    def later(self, seconds: float) -> Iterator[None]:
        """The scheme's clock ahead of everybody's."""
        self.clock.ahead += round(seconds * 1_000_000)
        yield
        self.clock.ahead -= round(seconds * 1_000_000)
        # Limits remember when they are full again, which now lies far ahead.
        self.scheme.application.buckets._full_at.clear()  # type: ignore[attr-defined]


@contextlib.contextmanager
def living(
    *, folder: Path, database: str, keystore: Keystore, activation: str, certification: Mapping[str, str], port: int
) -> Iterator[Town]:
    """Build the scheme and its world, register everybody, and serve."""
    line, clock, ids = Line(), MovableClock(), RandomIds()
    world = World.create(folder / "world", Places.on_this_machine(port), ids)
    settings = Settings(
        environment=Environment.SANDBOX,
        base_url=f"http://localhost:{port}",
        app_origin=f"http://localhost:{port + 2}",
        database=database,
        keystore="file:/nowhere",
        limits=Limits(phone=_PLENTY, enrolment=_PLENTY, page=_PLENTY, partner=_PLENTY, static=_PLENTY, wait=_PLENTY),
        signing=Signing(activation=activation, certification=msgspec.convert(dict(certification), Certification)),
    )
    scheme = line.call(begun(settings, keystore, clock, world))
    town = Town(scheme, line, clock, settings, keystore, port)
    with (
        serving(line, scheme.application, port),
        serving(line, application(world, clock=clock), port + 1, lifespan=True),
    ):
        yield town
    for phone in town.phones.values():
        phone.close()
    for browser in town.browsers:
        browser.close()
    line.call(scheme.close())
    line.call(scheme.database.close())
    line.close()


async def begun(settings: Settings, keystore: Keystore, clock: MovableClock, world: World) -> Scheme:
    """A new installation: its banks and partners are registered."""
    scheme = await built(settings, keystore, clock)
    registrars = Registrars(scheme.database, clock, settings.environment)
    await register_banks(registrars, world, actor="test")
    for name, secret in SECRETS.items():
        await scheme.partners.register_partner(_partner(name), secret=secret, actor="test")
    await scheme.partners.register_partner(_partner("studio"), secret=None, actor="test")
    for name, code, batch in CONTRACTS:
        text = dict.fromkeys(("nl", "fr", "de", "en"), f"{code} signs")
        service = Service(
            code=code,
            partner_id=name,
            type=ServiceType.SIGNING,
            state="active",
            name=text,
            purpose=text,
            redirect_uris=(BACK,),
            contract={},
            batch=batch,
            callback_urls=(TOLD,),
        )
        await scheme.partners.register_service(service, actor="test")
    return scheme


async def built(settings: Settings, keystore: Keystore, clock: MovableClock) -> Scheme:
    """One process of an installation."""
    database = await open_database(settings.database)
    return await build_scheme(settings, keystore, database, clock=clock, ids=RandomIds())


def _partner(name: str) -> Partner:
    method = AuthMethod.CLIENT_SECRET_POST if name in SECRETS else AuthMethod.PRIVATE_KEY_JWT
    return Partner(
        partner_id=name,
        name=f"The {name}",
        state="active",
        auth_method=method,
        jwks=None if name in SECRETS else {"keys": [public_jwk(key) for key in KEYS]},
        algorithms=preset_algorithms(Preset.NEW, method, encryption_key_type="EC"),
    )


def b64(octets: bytes) -> str:
    return b64encode(octets).decode()


def b64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def digests(count: int, mark: str) -> list[bytes]:
    return [hashlib.sha256(f"{mark} {number}".encode()).digest() for number in range(count)]


def account_token(account: str, client_id: str, **changes: Any) -> str:
    """As the partner protocol's sample makes one."""
    claims = {"sub": account, "iat": int(time.time()), "jti": RandomIds().identifier(), "azp": client_id, **changes}
    signed = f"{b64url(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{b64url(json.dumps(claims).encode())}"
    return f"{signed}.{b64url(hmac.new(SECRETS[client_id].encode(), signed.encode(), hashlib.sha256).digest())}"


@dataclass
class Site:
    """A signing application: its server, and the browser of the person who visits it."""

    town: Town
    client_id: str = "notary"
    account: str = "client-1"
    version: str = "v1"
    browser: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def __post_init__(self) -> None:
        self.town.browsers.append(self.browser)

    @property
    def api(self) -> str:
        return f"{self.town.base}/csc/{self.version}"

    # --- the browser -----------------------------------------------------------------------------------------

    def authorize(self, **changes: str | None) -> httpx.Response:
        """Send the browser to the authorization endpoint."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": BACK,
            "scope": "service",
            "state": "a state & more",
            **({"account_token": account_token(self.account, self.client_id)} if self.client_id in SECRETS else {}),
            **changes,
        }
        return self.browser.get(
            f"{self.api}/oauth2/authorize", params={name: value for name, value in asked.items() if value is not None}
        )

    def signing(self, credential: str, wanted: list[bytes], **changes: str | None) -> httpx.Response:
        """Send the browser to have digests signed (version 1)."""
        return self.authorize(
            **{
                "scope": "credential",
                "credentialID": credential,
                "numSignatures": str(len(wanted)),
                "hash": ",".join(b64url(digest) for digest in wanted),
                **changes,
            }
        )

    def approved(self, page: httpx.Response, phone: SoftPhone, code: str = CODE) -> dict[str, str]:
        """What comes back to the partner after the person has approved on the page."""
        if page.status_code == 200:
            phone.approve(phone.claim(self.content(page)), code)
        return self.back(page)

    def content(self, page: httpx.Response) -> str:
        """What the QR of a page holds."""
        assert page.status_code == 200, (page.status_code, page.headers.get("location"), page.text[:400])
        found = _CONTENT.search(page.text)
        assert found is not None
        return found[1]

    def onward(self, page: httpx.Response) -> str:
        """Where the browser goes from a page, once that has ended."""
        if page.status_code == 200:
            here = _HERE.search(page.text)
            assert here is not None
            page = self.browser.get(f"{self.town.base}{here[1]}/finish")
        assert page.status_code == 303, (page.status_code, page.text[:400])
        return str(page.headers["location"])

    def back(self, page: httpx.Response) -> dict[str, str]:
        """What the browser brings to the redirect URI."""
        location = self.onward(page)
        assert location.startswith(BACK + "&"), location
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query, keep_blank_values=True).items()}

    # --- the server ------------------------------------------------------------------------------------------

    def redeem(self, code: str | None = None, **changes: str | None) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "client_secret": SECRETS.get(self.client_id),
            "code": code,
            "redirect_uri": BACK,
            **changes,
        }
        given = {name: value for name, value in form.items() if value is not None}
        return httpx.post(f"{self.api}/oauth2/token", data=given, timeout=60)

    def post(self, method: str, token: str | None, /, **members: Any) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.post(f"{self.api}/{method}", json=members, headers=headers, timeout=60)

    def token(self, back: Mapping[str, str], **changes: str | None) -> str:
        answer = self.redeem(back["code"], **changes)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    # --- whole ways ------------------------------------------------------------------------------------------

    def known(self, phone: SoftPhone) -> tuple[str, str]:
        """The first way: an access token, and the person's credential."""
        token = self.token(self.approved(self.authorize(), phone))
        listed = self.post("credentials/list", token)
        assert listed.status_code == 200, listed.text
        return token, listed.json()["credentialIDs"][0]

    def sad(self, phone: SoftPhone, credential: str, wanted: list[bytes], **changes: str | None) -> str:
        """The second way: signature activation data."""
        return self.token(self.approved(self.signing(credential, wanted, **changes), phone))


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and words of a refusal."""
    told = answer.json()
    return answer.status_code, told["error"], told["error_description"]
