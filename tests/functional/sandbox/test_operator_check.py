"""`ipse mobile-operator check`: a good operator meets every expectation; a broken one misses what is broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from ipse.cli.mobile_operator.check import check, impostor
from ipse.cli.mobile_operator.checking import EXPECTATIONS, Candidate, Listener, Numbers, Result, Verdict, judge
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.sandbox.moods import How
from ipse.standards.camara import Api
from ipse.standards.jose import private_keys
from tests.functional.sandbox.telecom import ADA, RETURN, STRANGE, UNREADY, Telecom, telecom

pytestmark = pytest.mark.asyncio(loop_scope="module")
PORT = 19430
Break = Callable[[httpx.Request, httpx.Response], httpx.Response]


class Broken(httpx.AsyncBaseTransport):
    """A candidate whose answers are changed on the way."""

    def __init__(self, good: httpx.AsyncBaseTransport, change: Break) -> None:
        self.good, self.change = good, change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.good.handle_async_request(request)
        await answer.aread()
        return self.change(request, answer)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telecom]:
    with telecom(tmp_path_factory.mktemp("check")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def listener() -> AsyncIterator[Listener]:
    listening = Listener(f"http://127.0.0.1:{PORT}/events", patience=3)
    async with await listening.serve("127.0.0.1", PORT):
        yield listening


@pytest.fixture
def candidate(net: Telecom, listener: Listener) -> Candidate:
    net.telecoms.pages.moods.change("lumo", How.OK, 0)
    listener.arrivals.clear()
    listener.patience = 3
    # Codes are counted for ten minutes; each test is ten minutes later.
    net.clock.advance(seconds=601)
    jwk = net.key.as_dict(private=True) | {"kid": "scheme-1", "use": "sig", "alg": "ES256"}
    return Candidate(
        issuer=net.issuer,
        api_root=net.issuer,
        client_id="ipse",
        redirect_uri=RETURN,
        apis=frozenset(Api),
        numbers=Numbers(ready=ADA, unknown=STRANGE),
        key=private_keys([jwk])[0],
        other_key=impostor("scheme-1"),
        http=net.http,
        clock=net.clock,
        ids=RandomIds(),
        over_mobile=True,
        listener=listener,
    )


async def put(candidate: Candidate, *names: str) -> dict[str, Result]:
    chosen = [one for one in EXPECTATIONS if not names or one.name in names]
    return {result.name: result async for result in judge(candidate, chosen)}


async def test_the_sandboxs_operator_meets_every_expectation(candidate: Candidate) -> None:
    results = await put(candidate)
    assert {name: result for name, result in results.items() if result.verdict is Verdict.UNMET} == {}
    skipped = [name for name, result in results.items() if result.verdict is Verdict.SKIPPED]
    assert skipped == ["SIM swap: says which SIM it cannot check"]
    assert len(results) == len(EXPECTATIONS)


async def test_a_number_whose_sim_is_not_ready_is_tried_where_it_is_named(net: Telecom, candidate: Candidate) -> None:
    issuer = net.at("tellus").issuer
    numbers = Numbers(ready="+31670000102", unknown=STRANGE, unready=UNREADY)
    tellus = replace(candidate, issuer=issuer, api_root=issuer, numbers=numbers, _found={})
    results = await put(
        tellus, "SIM swap: says which SIM it cannot check", "SIM swap: says whether the SIM was changed"
    )
    assert {result.verdict for result in results.values()} == {Verdict.MET}


async def test_an_operator_of_text_messages_alone_is_asked_for_those_alone(net: Telecom, candidate: Candidate) -> None:
    issuer = net.at("karavel").issuer
    numbers = Numbers(ready="+40700000108", unknown=STRANGE)
    apis = frozenset({Api.OTP_SMS})
    results = await put(replace(candidate, issuer=issuer, api_root=issuer, numbers=numbers, apis=apis, _found={}))
    assert {result.verdict for result in results.values()} == {Verdict.MET}
    assert {name.partition(":")[0] for name in results} == {"discovery", "token", "text message"}


def says(path: str, status: int, body: object, *, method: str = "") -> Break:
    """Whatever is asked there is answered so."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith(path) or method not in ("", request.method):
            return answer
        headers = {"content-type": "application/json", "x-correlator": request.headers.get("x-correlator", "")}
        return httpx.Response(status, headers=headers, content=msgspec.json.encode(body))

    return change


def edits(path: str, **members: object) -> Break:
    """What is answered there holds other members."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith(path):
            return answer
        return httpx.Response(answer.status_code, json=answer.json() | members)

    return change


def leads(**parameters: str) -> Break:
    """The authorization endpoint leads back, whoever asks and wherever to."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/authorize"):
            return answer
        return httpx.Response(
            302, headers={"location": str(httpx.URL(request.url.params["redirect_uri"], params=parameters))}
        )

    return change


def repeats_everything(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
    answer.headers["x-correlator"] = request.headers.get("x-correlator", "")
    return answer


TOKEN = says("/token", 200, {"access_token": "x", "token_type": "Bearer", "expires_in": 5})
UNSWAPPED = says("/check", 200, {"swapped": False})
MADE = says("/subscriptions", 201, {"id": "x"}, method="POST")
SENT = says("/send-code", 200, {"authenticationId": "x"})
VERIFIED = says("/verify", 200, {"devicePhoneNumberVerified": True})
CONFIGURATION = "/.well-known/openid-configuration"
BROKEN: Mapping[str, Break | How] = {
    "discovery: names itself and its endpoints": edits(CONFIGURATION, issuer="https://other.example"),
    "discovery: says what it takes": edits(CONFIGURATION, token_endpoint_auth_methods_supported=["client_secret_post"]),
    "discovery: publishes its keys": says("/jwks", 200, {"keys": [{"kty": "EC", "d": "secret"}]}),
    "token: given for one purpose and one scope": edits("/token", refresh_token="x"),
    "token: only to our key": TOKEN,
    "token: only with an assertion": TOKEN,
    "token: only when addressed itself": TOKEN,
    "token: not for an assertion that has expired": TOKEN,
    "token: not for an assertion of more than 300 seconds": TOKEN,
    "token: once for an assertion": TOKEN,
    "token: not without a purpose": TOKEN,
    "token: not for two purposes": says("/token", 400, {"error": "invalid_request"}),
    "token: not for an unknown scope": TOKEN,
    "token: not by another grant": TOKEN,
    "SIM swap: says whether the SIM was changed": says("/check", 200, {"swapped": "no"}),
    "SIM swap: says when the SIM was changed": says("/retrieve-date", 200, {"latestSimChange": "yesterday"}),
    "SIM swap: needs a token": UNSWAPPED,
    "SIM swap: needs a token of its own": says("/check", 401, {"status": 401, "code": "UNAUTHENTICATED"}),
    "SIM swap: needs the scope": UNSWAPPED,
    "SIM swap: refuses what is no number": says("/check", 400, {"status": 400, "code": "BAD", "message": "no"}),
    "SIM swap: refuses more than 2400 hours": UNSWAPPED,
    "SIM swap: needs a number": UNSWAPPED,
    "SIM swap: does not know numbers of others": UNSWAPPED,
    "SIM swap: says which SIM it cannot check": UNSWAPPED,
    "SIM swap: does not repeat a strange correlator": repeats_everything,
    "subscriptions: can be made and ended": edits("/subscriptions", sinkCredential={}),
    "subscriptions: can be read": says("/subscriptions", 200, [], method="GET"),
    "subscriptions: tell the sink of their start": How.FORGE,
    "subscriptions: tell the sink of their end": How.LATE,
    "subscriptions: need a sink with TLS": MADE,
    "subscriptions: speak HTTP only": MADE,
    "subscriptions: take access tokens only": MADE,
    "subscriptions: know one event": MADE,
    "subscriptions: need an end in the future": MADE,
    "subscriptions: need a token": says("/subscriptions", 200, [], method="GET"),
    "subscriptions: do not know what was never made": says("/never-given", 200, {"id": "never-given"}),
    "text message: sends a code and judges it": says("/validate-code", 204, None),
    "text message: needs a place for the code": SENT,
    "text message: refuses what is no number": SENT,
    "text message: needs a token": SENT,
    "text message: does not know what it never sent": says("/validate-code", 204, None),
    "text message: goes to its own numbers": SENT,
    "number verification: needs a token": VERIFIED,
    "number verification: needs a person on the mobile network": VERIFIED,
    "number verification: sends nobody to a strange address": leads(code="x"),
    "number verification: asks for a purpose": leads(code="x", state="check-state"),
    "number verification: recognises the SIM": VERIFIED,
    "number verification: shares the number": says("/device-phone-number", 200, {"devicePhoneNumber": STRANGE}),
    "number verification: refuses number and hash together": VERIFIED,
    "number verification: binds the code to its exchange": TOKEN,
}


async def test_every_expectation_has_a_candidate_that_misses_it() -> None:
    assert set(BROKEN) == {expectation.name for expectation in EXPECTATIONS}


@pytest.mark.parametrize("name", list(BROKEN))
async def test_a_broken_candidate_is_named_by_what_it_misses(net: Telecom, candidate: Candidate, name: str) -> None:
    broken = BROKEN[name]
    asked = replace(candidate, numbers=replace(candidate.numbers, unready=UNREADY), _found={})
    if isinstance(broken, How):
        net.telecoms.pages.moods.change("lumo", broken, 0)
        assert asked.listener is not None
        asked.listener.patience = 0.3
        found = await put(asked, name)
    else:
        good = httpx.ASGITransport(Starlette(routes=net.telecoms.routes()))
        async with httpx.AsyncClient(transport=Broken(good, broken)) as http:
            found = await put(replace(asked, http=http), name)
    assert found[name].verdict is Verdict.UNMET, found
    assert found[name].reason


async def test_silence_and_size_and_plain_addresses_are_missed_expectations(candidate: Candidate) -> None:
    name = "discovery: names itself and its endpoints"

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too late", request=request)

    def endless(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"x" * 100_000)

    for handler, reason in ((silent, "no answer: ReadTimeout"), (endless, "an answer larger than 65536 bytes")):
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
            found = await put(replace(candidate, http=http, _found={}), name)
        assert (found[name].verdict, found[name].reason) == (Verdict.UNMET, reason)
    found = await put(replace(candidate, production=True, _found={}), name)
    assert found[name].reason == "http://127.0.0.1:2 is no address for production"


async def test_without_a_sink_or_a_phones_connection_that_part_is_not_tried(candidate: Candidate) -> None:
    results = await put(replace(candidate, listener=None, over_mobile=False))
    skipped = {name for name, result in results.items() if result.verdict is Verdict.SKIPPED}
    assert skipped == {
        "SIM swap: says which SIM it cannot check",
        "subscriptions: tell the sink of their start",
        "subscriptions: tell the sink of their end",
        "number verification: recognises the SIM",
        "number verification: shares the number",
        "number verification: refuses number and hash together",
        "number verification: binds the code to its exchange",
    }
    assert not [result for result in results.values() if result.verdict is Verdict.UNMET]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"number": "nobody"}, "a number is written as"),
        ({"number": ADA, "api": ["telepathy"]}, "an API is one of"),
        ({"number": ADA, "listen": "here"}, "--listen is written as"),
    ],
)
async def test_what_is_typed_wrongly_is_said_before_anything_is_asked(typed: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        await check("http://127.0.0.1:1", **typed)


async def test_the_listener_takes_nothing_else(listener: Listener) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n???")
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()
