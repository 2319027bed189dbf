"""Request objects by value and by reference over HTTP (RFC 9101, OpenID Connect Core §6; R-31, T-10; protocol 1.7)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import OctKey
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ipse.attributes.model import ATTRIBUTES
from ipse.partners.model import Refusal
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.installation import Installation, listening
from tests.functional.oidc.relying_party import RelyingParty, private_jwk

PREFIX = "http://itsme.services/v2/claim/"
PORT = 19310
HOST = f"http://127.0.0.1:{PORT}"
ESSENTIAL = ("client_id", "response_type", "scope")
on_one_engine = pytest.mark.parametrize("engine", ["sqlite"])
"""For tests whose outcome does not hang on the database."""


class Shelf:
    """Where a partner keeps its request objects."""

    def __init__(self) -> None:
        self.answer: Callable[[], Response] = lambda: PlainTextResponse("nothing", 404)
        self.fetched = 0

    async def take(self, request: Request) -> Response:
        self.fetched += 1
        return self.answer()

    def always(self, answer: Response) -> None:
        self.answer = lambda: answer

    def put(self, text: str, media_type: str = "application/oauth-authz-req+jwt") -> None:
        self.answer = lambda: Response(text, media_type=media_type)


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    kept = Shelf()

    async def elsewhere(request: Request) -> Response:
        return RedirectResponse(HOST + "/request", 302)

    routes = [Route("/request", kept.take), Route("/other", kept.take), Route("/elsewhere", elsewhere)]
    async with listening(Starlette(routes=routes), PORT):
        yield kept


async def change_service(installation: Installation, party: RelyingParty, **changes: Any) -> None:
    """Register a service of the partner anew, with changes."""
    service = await installation.partners.service(party.service)
    assert service is not None
    await installation.partners.register_service(replace(service, **changes), actor="test")


async def ask(party: RelyingParty, beside: tuple[str, ...] = ESSENTIAL, **query: str) -> httpx.Response:
    """Send the browser with a request object, or the address of one, and little beside it."""
    good = {"client_id": party.client_id, "response_type": "code", "scope": f"openid service:{party.service}"}
    endpoint = (await party.discover())["authorization_endpoint"]
    return await party.browser.get(endpoint, params={name: good[name] for name in beside} | query)


def outcome(answer: httpx.Response) -> str:
    """`shown`, the error that went back to the partner, or the error on our own page in brackets."""
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200:
        return "shown"
    if answer.status_code == 303:
        return parse_qs(urlsplit(answer.headers["location"]).query)["error"][0]
    assert "location" not in answer.headers
    told = re.search(r"400 ([a-z_]+)", answer.text)
    return f"[{told[1] if told else answer.text}]"


async def lines(installation: Installation, party: RelyingParty) -> list[Refusal]:
    """The partner's request log."""
    return await installation.provider.request_log.lines(party.client_id)


async def asked(installation: Installation) -> dict[str, Any]:
    row = await installation.database.row("select request from actions_actions order by created_at desc limit 1")
    assert row is not None
    found: dict[str, Any] = json.loads(row["request"])
    return found


async def test_a_whole_login_with_a_nested_request_object(installation: Installation, join: Joining) -> None:
    """As partners that migrate send it: signed, then encrypted, and the essentials in the query as well."""
    party = await join("migrating-key")
    text = await party.encrypted(party.request_object(state="inside", nonce="n", acr_values=PREFIX + "acr_advanced"))
    page = await ask(party, request=text)
    assert page.status_code == 200
    assert (await asked(installation))["assurance"] == "advanced"
    handle = page.text.split("/v2/sign-in/")[1][:22]
    await installation.approve(handle)
    back = await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")
    query = {name: values[0] for name, values in parse_qs(urlsplit(back.headers["location"]).query).items()}
    assert (query["state"], query["iss"]) == ("inside", party.issuer)
    answer = await party.token(query["code"], None)
    claims = await party.opened(answer.json()["id_token"])
    assert (claims["nonce"], claims["acr"]) == ("n", PREFIX + "acr_advanced")


@on_one_engine
async def test_what_is_signed_counts_and_what_is_not_does_not(installation: Installation, join: Joining) -> None:
    party = await join("new-rsa", service="SHARE")
    claims = {"id_token": {"family_name": None}}
    text = party.request_object(claims=claims, ui_locales="fr", aud=party.issuer + "/authorization")
    page = await ask(
        party, ("client_id",), request=text, ui_locales="fr", max_age="7", nonce="outside", prompt="none", state="x"
    )
    assert page.status_code == 200
    assert 'lang="fr"' in page.text
    kept = (await asked(installation))["protocol"]
    assert kept["id_token"] == ["family_name"]
    assert not kept.keys() & {"state", "nonce"}


@on_one_engine
async def test_refused_objects(installation: Installation, join: Joining) -> None:
    """None chooses where its refusal goes: it goes where the query alone proves, else it stays with the person."""
    party = await join("new-rsa")
    other = private_jwk("EC", "sig", "s1")
    forged = replace_signing(party, other)
    secret_key = OctKey.import_key(json.dumps(party.signing, sort_keys=True).encode())
    good = json.loads(jws.extract_compact(party.request_object().encode()).payload)
    refused = {
        "not a token": "x",
        "three empty parts": "..",
        "unsigned": unsigned(good),
        "another key under the registered kid": forged.request_object(),
        "a kid nobody registered": party.request_object(header={"kid": "s2"}),
        "signed as if the public key were a secret": jws.serialize_compact(
            {"alg": "HS256", "kid": "s1"}, json.dumps(good), secret_key, algorithms=["HS256"]
        ),
        "another kind of token": party.request_object(header={"typ": "dpop+jwt"}),
        "a client assertion": party.assertion(),
        "only encrypted": await party.encrypted(json.dumps(good)),
        "encrypted with another content type": await party.encrypted(party.request_object(), cty="text"),
        "too large": "x." * 5000,
        "expired": party.request_object(exp=1_700_000_000, nbf=1_699_999_999),
        "of another partner": party.request_object(iss="new_ec"),
        "for another audience": party.request_object(aud="https://other.example"),
        "sub is the client": party.request_object(sub=party.client_id),
    }
    for name, text in refused.items():
        assert outcome(await ask(party, request=text)) == "[invalid_request_object]", name
        # The object names the registered address, but nobody believes it.
        assert outcome(await ask(party, request=text, redirect_uri="https://stranger.example/")) == (
            "[invalid_request_object]"
        ), name
        known = await ask(party, request=text, redirect_uri=party.redirect_uri, state="outside")
        assert outcome(known) == "invalid_request_object", name
        assert known.headers["location"].startswith(party.redirect_uri + "&")
        query = parse_qs(urlsplit(known.headers["location"]).query)
        assert (query["state"], query["iss"]) == (["outside"], [party.issuer]), name
    checks = {line.check for line in await lines(installation, party)}
    assert checks >= {"read_request_object", "check_expiry", "check_issuer", "check_audience", "check_no_assertion"}


@on_one_engine
async def test_a_good_object_is_judged_like_any_request(installation: Installation, join: Joining) -> None:
    """Once believed, its own redirect URI decides where refusals go, if it is registered (R-25)."""
    party = await join("new-rsa")
    back = {"redirect_uri": "http://127.0.0.1:18499/new_rsa/second"}
    for members, beside, expected in (
        ({"redirect_uri": "https://stranger.example/"}, {}, "[invalid_redirect_uri]"),
        ({"redirect_uri": None}, {}, "[invalid_redirect_uri]"),
        ({"redirect_uri": None}, {"redirect_uri": party.redirect_uri}, "[invalid_redirect_uri]"),
        ({"scope": "openid service:NEW_EC_LOGIN"}, {}, "[invalid_scope]"),
        ({"scope": "openid"}, {}, "[invalid_scope]"),
        (back | {"response_type": None}, {}, "invalid_request"),
        (back | {"prompt": "none"}, {}, "login_required"),
        (back | {"claims": "{"}, {}, "invalid_request"),
        (back | {"scope": f"openid service:{party.service} email"}, {"scope": "openid"}, "invalid_request"),
        (back, {"redirect_uri": party.redirect_uri}, "invalid_request"),
        (back, {"state": "outside alone does not count"}, "shown"),
        (back | {"state": "inside"}, {"state": "outside"}, "invalid_request"),
    ):
        answer = await ask(party, ("client_id",), request=party.request_object(**members), **beside)
        assert outcome(answer) == expected, members
        if answer.status_code == 303:
            assert answer.headers["location"].startswith(back["redirect_uri"])
            assert parse_qs(urlsplit(answer.headers["location"]).query).get("state") == (
                ["inside"] if "state" in members else None
            )
    sources = {line.source for line in await lines(installation, party)}
    assert sources == {"request"}


@on_one_engine
async def test_partners_that_migrate_repeat_the_essentials(join: Joining) -> None:
    party = await join("migrating-key")
    assert outcome(await ask(party, request=party.request_object())) == "shown"
    for missing in ("response_type", "scope"):
        beside = tuple(name for name in ESSENTIAL if name != missing)
        assert outcome(await ask(party, beside, request=party.request_object())) == "invalid_request"
    assert outcome(await ask(party, ("scope",), request=party.request_object())) == "[invalid_client_id]"


@on_one_engine
async def test_a_partner_without_keys_has_no_request_objects(join: Joining) -> None:
    """HS256 with the client secret is not taken: such partners push their requests."""
    party = await join("migrating-secret")
    assert party.secret
    key = OctKey.import_key(party.secret.encode())
    claims = {"iss": party.client_id, "aud": party.issuer, "client_id": party.client_id}
    text = jws.serialize_compact({"alg": "HS256", "kid": "x"}, json.dumps(claims), key, algorithms=["HS256"])
    assert outcome(await ask(party, request=text)) == "[invalid_request_object]"


async def test_an_object_with_an_id_belongs_to_one_browser(installation: Installation, join: Joining) -> None:
    """It can be reloaded, and used by nobody else; nor pushed."""
    party = await join("new-rsa")
    text = party.request_object(jti="once", state="s")
    first = await ask(party, request=text)
    again = await ask(party, request=text)
    handle = first.text.split("/v2/sign-in/")[1][:22]
    assert again.text.split("/v2/sign-in/")[1][:22] == handle
    async with httpx.AsyncClient(trust_env=False) as stranger:
        elsewhere = await stranger.get(
            party.metadata["authorization_endpoint"], params={"client_id": party.client_id, "request": text}
        )
        assert outcome(elsewhere) == "[invalid_request_object]"
    pushed = await party.push(request=text)
    assert (pushed.status_code, pushed.json()["error"]) == (400, "invalid_request_object")
    await installation.approve(handle)
    await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")
    assert outcome(await ask(party, request=text)) == "[invalid_request_object]"


@on_one_engine
@pytest.mark.parametrize("way", ["value", "reference", "pushed", "pushed object"])
async def test_no_attribute_outside_the_contract(
    installation: Installation, join: Joining, shelf: Shelf, way: str
) -> None:
    """T-10: whatever the way of asking, before anybody is bothered."""
    party = await join("new-rsa", service="NARROW")
    await change_service(installation, party, request_uris=(HOST + "/request",))

    async def send(**members: Any) -> httpx.Response:
        text = party.request_object(**members)
        if way == "value":
            return await ask(party, ("client_id",), request=text)
        if way == "reference":
            shelf.put(text)
            return await ask(party, ("client_id",), request_uri=HOST + "/request")
        if way == "pushed object":
            return await party.push(request=text, response_type=None, scope=None, redirect_uri=None)
        return await party.push(**{name: as_text(value) for name, value in members.items()})

    allowed = {"given_name", "email", "email_verified"}
    for name, attribute in ATTRIBUTES.items():
        claim = PREFIX + name if attribute.prefixed else name
        answer = await send(claims={"id_token": {claim: {"essential": True}, "given_name": None}})
        if name in allowed:
            assert answer.status_code in {200, 201}
        elif "pushed" in way:
            assert answer.json()["error"] == "invalid_scope"
        else:
            assert outcome(answer) == "invalid_scope"
    for scope in ("profile", "phone", "address", "eid", "idDocument"):
        answer = await send(scope=f"openid service:{party.service} {scope}")
        assert "invalid_scope" in (answer.headers.get("location") or answer.text)


@on_one_engine
async def test_by_reference(installation: Installation, join: Joining, shelf: Shelf) -> None:
    party = await join("new-rsa")
    await change_service(installation, party, request_uris=(HOST + "/request",))
    shelf.put(await party.encrypted(party.request_object(state="s")) + "\n")
    assert outcome(await ask(party, request_uri=HOST + "/request")) == "shown"
    assert outcome(await ask(party, ("client_id",), request_uri=HOST + "/request")) == "shown"
    assert (await asked(installation))["protocol"]["state"] == "s"
    assert shelf.fetched == 2

    for uri in (
        HOST + "/other",
        HOST + "/request?x=1",
        HOST + "/request#fragment",
        HOST + "/Request",
        f"http://localhost:{PORT}/request",
        "https://shop.example:443/request",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/",
        "http://169.254.169.254/latest/meta-data",
        "data:,x",
        "urn:ietf:params:oauth:request_uri",
    ):
        assert outcome(await ask(party, request_uri=uri)) == "[invalid_request_uri]", uri
        assert outcome(await ask(party, request_uri=uri, redirect_uri=party.redirect_uri)) == "invalid_request_uri"
    assert shelf.fetched == 2, "what is not registered is not called"
    assert {line.check for line in await lines(installation, party)} == {"fetch_request_uri"}


@on_one_engine
async def test_what_a_reference_may_answer(installation: Installation, join: Joining, shelf: Shelf) -> None:
    """R-31, T-23: no redirects, nothing large, nothing but a request object for a service that has registered it."""
    party = await join("new-rsa")
    await change_service(
        installation, party, request_uris=(HOST + "/request", HOST + "/elsewhere", "http://127.0.0.1:1/nobody")
    )
    good = party.request_object()
    answers: list[tuple[Response, str]] = [
        (PlainTextResponse(good, 404), "[invalid_request_uri]"),
        (PlainTextResponse(good, 500), "[invalid_request_uri]"),
        (PlainTextResponse("x" * 66_000), "[invalid_request_uri]"),
        (PlainTextResponse(b"\xff\xfe"), "[invalid_request_uri]"),
        (PlainTextResponse(good, headers={"content-encoding": "gzip"}), "[invalid_request_uri]"),
        (PlainTextResponse(""), "[invalid_request_object]"),
        (PlainTextResponse("<html>"), "[invalid_request_object]"),
        (PlainTextResponse(party.request_object(scope="openid service:NEW_RSA_NARROW")), "[invalid_request_uri]"),
        (PlainTextResponse(party.request_object(request_uri=HOST + "/request")), "[invalid_request_object]"),
        (PlainTextResponse(good, media_type="application/jwt"), "shown"),
    ]
    for answer, expected in answers:
        shelf.always(answer)
        assert outcome(await ask(party, ("client_id",), request_uri=HOST + "/request")) == expected
    before = shelf.fetched
    assert outcome(await ask(party, request_uri=HOST + "/elsewhere")) == "[invalid_request_uri]"
    assert outcome(await ask(party, request_uri="http://127.0.0.1:1/nobody")) == "[invalid_request_uri]"
    assert shelf.fetched == before, "the redirect was not followed"


def replace_signing(party: RelyingParty, jwk: dict[str, Any]) -> RelyingParty:
    """The same partner with a key of its own making under the registered name."""
    forger = RelyingParty(party.issuer, party.client_id, party.redirect_uri, party.service, browser=party.browser)
    forger.signing = jwk
    return forger


def unsigned(claims: dict[str, Any]) -> str:
    from base64 import urlsafe_b64encode

    parts = (urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims))
    return ".".join(parts) + "."


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
