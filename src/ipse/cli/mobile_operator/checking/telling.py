"""SIM Swap Subscriptions: made, read, ended, and told at a sink of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from ipse.cli.mobile_operator.checking.candidate import (
    Candidate,
    SkippedError,
    UnmetError,
    expect,
    expect_problem,
    json_object,
)
from ipse.cli.mobile_operator.checking.expectation import Expectation
from ipse.cli.mobile_operator.checking.listener import Listener
from ipse.kernel.clock import SECOND
from ipse.standards.camara import (
    EVENT_MEDIA_TYPE,
    SUBSCRIPTION_LIST,
    Api,
    CamaraError,
    CloudEvent,
    Code,
    EventType,
    Scope,
    Termination,
    read_event,
    timestamp,
)

_DAY: Final = 86_400 * SECOND
_TOKEN: Final = "sink-token-of-the-check"


def _wanted(candidate: Candidate, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    now = candidate.clock.now()
    return {
        "sink": candidate.listener.sink if candidate.listener else "https://sink.example/check",
        "protocol": "HTTP",
        "types": [str(EventType.SWAPPED)],
        "config": {
            "subscriptionDetail": {"phoneNumber": candidate.numbers.ready},
            "subscriptionExpireTime": timestamp(now + _DAY),
        },
        "sinkCredential": {
            "credentialType": "ACCESSTOKEN",
            "accessToken": _TOKEN,
            "accessTokenExpiresUtc": timestamp(now + _DAY),
            "accessTokenType": "bearer",
        },
        **changes,
    }


@asynccontextmanager
async def _subscribed(candidate: Candidate) -> AsyncIterator[str]:
    """A subscription for as long as it is needed; its id."""
    token = await candidate.token(Scope.SUBSCRIBE)
    answer = await candidate.call("POST", SUBSCRIPTION_LIST, _wanted(candidate), token=token)
    if answer.status_code not in {201, 202}:
        raise UnmetError(f"status: expected 201 or 202, found {answer.status_code}")
    made = json_object(answer)
    identifier = made.get("id")
    if not isinstance(identifier, str) or not identifier:
        raise UnmetError("the subscription has no id")
    if "sinkCredential" in made:
        raise UnmetError("the answer repeats the sink's token")
    try:
        yield identifier
    finally:
        await _end(candidate, identifier)


async def _end(candidate: Candidate, identifier: str) -> int:
    token = await candidate.token(Scope.DELETE_SUBSCRIPTIONS)
    return (await candidate.call("DELETE", f"{SUBSCRIPTION_LIST}/{identifier}", token=token)).status_code


async def can_be_made_and_ended(candidate: Candidate) -> None:
    """Made with 201 or 202, ended with 204 or 202, and then unknown."""
    async with _subscribed(candidate) as identifier:
        status = await _end(candidate, identifier)
        if status not in {204, 202}:
            raise UnmetError(f"status of DELETE: expected 204 or 202, found {status}")
    token = await candidate.token(Scope.READ_SUBSCRIPTIONS)
    answer = await candidate.call("GET", f"{SUBSCRIPTION_LIST}/{identifier}", token=token)
    if answer.status_code == 200:
        expect(json_object(answer).get("status"), "DELETED", "status of what was ended")
    else:
        expect_problem(answer, 404, Code.NOT_FOUND)


async def can_be_read(candidate: Candidate) -> None:
    """One by its id, and all of them."""
    async with _subscribed(candidate) as identifier:
        token = await candidate.token(Scope.READ_SUBSCRIPTIONS)
        one = await candidate.call("GET", f"{SUBSCRIPTION_LIST}/{identifier}", token=token)
        expect(one.status_code, 200, "status")
        expect(json_object(one).get("id"), identifier, "id")
        listed = await candidate.call("GET", SUBSCRIPTION_LIST, token=token)
        expect(listed.status_code, 200, "status of the list")
        found = listed.json()
        if not isinstance(found, list) or identifier not in [each.get("id") for each in found]:
            raise UnmetError("the list does not hold the subscription")


async def tells_its_start(candidate: Candidate) -> None:
    """The sink is told of the start, with its own token, as a CloudEvent."""
    listener = _listener(candidate)
    async with _subscribed(candidate) as identifier:
        event, headers = await _told(listener, EventType.STARTED, identifier)
    expect(headers.get("authorization"), f"Bearer {_TOKEN}", "Authorization at the sink")
    expect(event.datacontenttype, "application/json", "datacontenttype")


async def tells_its_end(candidate: Candidate) -> None:
    """The sink is told of the end, and why."""
    listener = _listener(candidate)
    async with _subscribed(candidate) as identifier:
        await asyncio.sleep(0)
    event, _ = await _told(listener, EventType.ENDED, identifier)
    expect(event.termination, str(Termination.SUBSCRIPTION_DELETED), "terminationReason")


async def _told(listener: Listener, kind: EventType, identifier: str) -> tuple[CloudEvent, Mapping[str, str]]:
    arrival = await listener.awaited(str(kind), identifier)
    if arrival is None:
        raise UnmetError(f"no {kind.rpartition('.')[2]} event reached {listener.sink} in {listener.patience:g} s")
    expect(arrival.headers.get("content-type", "").partition(";")[0], EVENT_MEDIA_TYPE, "media type at the sink")
    try:
        event = read_event(EVENT_MEDIA_TYPE, msgspec.json.encode(arrival.event))
    except CamaraError as error:
        raise UnmetError(f"the event at the sink: {error}") from error
    return event, arrival.headers


def _listener(candidate: Candidate) -> Listener:
    if candidate.listener is None:
        raise SkippedError("name an address that reaches this machine with --sink")
    return candidate.listener


async def needs_https(candidate: Candidate) -> None:
    """A sink without TLS on another machine: INVALID_SINK (or INVALID_ARGUMENT)."""
    answer = await _asked(candidate, _wanted(candidate, sink="http://sink.example/check"))
    code = Code.INVALID_ARGUMENT if b"INVALID_ARGUMENT" in answer.content else Code.INVALID_SINK
    expect_problem(answer, 400, code)


async def speaks_http_only(candidate: Candidate) -> None:
    """Another protocol: INVALID_PROTOCOL."""
    expect_problem(await _asked(candidate, _wanted(candidate, protocol="MQTT5")), 400, Code.INVALID_PROTOCOL)


async def takes_access_tokens(candidate: Candidate) -> None:
    """Another credential for the sink: INVALID_CREDENTIAL."""
    plain = {"credentialType": "PLAIN", "identifier": "a", "secret": "b"}
    answer = await _asked(candidate, _wanted(candidate, sinkCredential=plain))
    expect_problem(answer, 400, Code.INVALID_CREDENTIAL)


async def knows_one_event(candidate: Candidate) -> None:
    """Another event: INVALID_ARGUMENT."""
    answer = await _asked(candidate, _wanted(candidate, types=["org.example.other"]))
    expect_problem(answer, 400, Code.INVALID_ARGUMENT)


async def needs_the_future(candidate: Candidate) -> None:
    """An end in the past: INVALID_ARGUMENT."""
    detail = {"subscriptionDetail": {"phoneNumber": candidate.numbers.ready}}
    config = detail | {"subscriptionExpireTime": "2020-01-01T00:00:00Z"}
    expect_problem(await _asked(candidate, _wanted(candidate, config=config)), 400, Code.INVALID_ARGUMENT)


async def needs_a_token(candidate: Candidate) -> None:
    """Without a token: UNAUTHENTICATED."""
    expect_problem(await candidate.call("GET", SUBSCRIPTION_LIST), 401, Code.UNAUTHENTICATED)


async def does_not_know_others(candidate: Candidate) -> None:
    """An id that it never gave: NOT_FOUND."""
    token = await candidate.token(Scope.READ_SUBSCRIPTIONS)
    answer = await candidate.call("GET", f"{SUBSCRIPTION_LIST}/never-given", token=token)
    expect_problem(answer, 404, Code.NOT_FOUND)


async def _asked(candidate: Candidate, body: dict[str, Any]) -> Any:  # noqa: ANN401 - an answer
    return await candidate.call("POST", SUBSCRIPTION_LIST, body, token=await candidate.token(Scope.SUBSCRIBE))


ALL: Final = tuple(
    Expectation(f"subscriptions: {name}", Api.SIM_SWAP_SUBSCRIPTIONS, put)
    for name, put in (
        ("can be made and ended", can_be_made_and_ended),
        ("can be read", can_be_read),
        ("tell the sink of their start", tells_its_start),
        ("tell the sink of their end", tells_its_end),
        ("need a sink with TLS", needs_https),
        ("speak HTTP only", speaks_http_only),
        ("take access tokens only", takes_access_tokens),
        ("know one event", knows_one_event),
        ("need an end in the future", needs_the_future),
        ("need a token", needs_a_token),
        ("do not know what was never made", does_not_know_others),
    )
)
