"""`ipse mobile-operator check`: whether a mobile operator does what the scheme expects of one."""

from __future__ import annotations

import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import httpx
import msgspec
from cyclopts import Parameter

from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, opened
from ipse.cli.mobile_operator.checking import EXPECTATIONS, Candidate, Listener, Numbers, Result, Verdict, judge
from ipse.cli.mobile_operator.desk import IDS, app, console
from ipse.kernel.settings import Environment, SettingsError
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.sandbox.jose import generate
from ipse.sim.service.building import RETURN_PATH
from ipse.standards.camara import Api, CamaraError, msisdn
from ipse.standards.jose import PrivateKey, private_keys

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was typed."""

    issuer: str
    api_root: str
    client_id: str
    apis: frozenset[Api]
    numbers: Numbers
    sink: str
    listen: tuple[str, int]
    over_mobile: bool


@app.command
async def check(  # noqa: PLR0913 - one option for each fact of a candidate
    issuer: str,
    *,
    number: Annotated[
        str, Parameter(help="A number of the operator's for trying, with a SIM that all checks work for.")
    ],
    unready: Annotated[str, Parameter(help="A number of the operator's whose SIM cannot be checked.")] = "",
    unknown: Annotated[str, Parameter(help="A number that is not the operator's.")] = "+19005550100",
    api: Annotated[
        list[str] | None, Parameter(help="An API that it serves; may be repeated. Default: all four.")
    ] = None,
    api_root: Annotated[str, Parameter(help="What stands before the base path of each API. Default: the issuer.")] = "",
    client_id: Annotated[str, Parameter(help="What the candidate calls us.")] = "ipse",
    sink: Annotated[str, Parameter(help="An address that reaches --listen, for events.")] = "",
    listen: Annotated[str, Parameter(help="Host and port of this machine that events are led to.")] = "127.0.0.1:8099",
    over_mobile: Annotated[
        bool, Parameter(negative="", help="This machine's connection is carried by the SIM of --number.")
    ] = False,
    json: Annotated[bool, Parameter(negative="", help="For programs.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put every expectation that the scheme has of a mobile operator to a candidate; status 1 when one is not met.

    The scheme must be running: the candidate reads our keys at /enrolment/jwks. A text message goes to --number.
    docs/guides/become-an-operator.md says what each expectation means.
    """
    asked = Asked(
        issuer=issuer.rstrip("/"),
        api_root=(api_root or issuer).rstrip("/"),
        client_id=client_id,
        apis=_apis(api),
        numbers=_numbers(number, unready, unknown),
        sink=sink,
        listen=_place(listen),
        over_mobile=over_mobile,
    )
    results = []
    async with _candidate(asked, config) as candidate:
        async for result in judge(candidate, EXPECTATIONS):
            results.append(result)
            if not json:
                _tell(result)
    _conclude(results, json=json)


def _tell(result: Result) -> None:
    word = {Verdict.MET: "ok  ", Verdict.UNMET: "FAIL", Verdict.SKIPPED: "skip"}[result.verdict]
    console.print(f"{word}  {result.name}{': ' + result.reason if result.reason else ''}", soft_wrap=True)


def _conclude(results: list[Result], *, json: bool) -> None:
    unmet = sum(result.verdict is Verdict.UNMET for result in results)
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(results), indent=2).decode() + "\n")
    else:
        skipped = sum(result.verdict is Verdict.SKIPPED for result in results)
        console.print(f"{len(results) - unmet - skipped} met, {unmet} not met, {skipped} not tried")
    if unmet:
        sys.exit(1)


@asynccontextmanager
async def _candidate(asked: Asked, config: Config) -> AsyncIterator[Candidate]:
    """The candidate as the scheme would ask it, with the scheme's own key."""
    async with opened(config) as (settings, database, keystore):
        ring = KeyRing(database, keystore, CLOCK, Plan.of(settings))
        await ring.load()
        key = private_keys(ring.held_keys("registrar").current)[0]
    context = ssl.create_default_context()
    async with (
        httpx.AsyncClient(timeout=_TIMEOUT, verify=context, follow_redirects=False, trust_env=False) as http,
        _listening(asked) as listener,
    ):
        yield Candidate(
            issuer=asked.issuer,
            api_root=asked.api_root,
            client_id=asked.client_id,
            redirect_uri=settings.base_url + RETURN_PATH,
            apis=asked.apis,
            numbers=asked.numbers,
            key=key,
            other_key=impostor(key.kid),
            http=http,
            clock=CLOCK,
            ids=IDS,
            production=settings.environment is Environment.PRODUCTION,
            over_mobile=asked.over_mobile,
            listener=listener,
        )


@asynccontextmanager
async def _listening(asked: Asked) -> AsyncIterator[Listener | None]:
    """A sink for the candidate's events, where an address was named."""
    if not asked.sink:
        yield None
        return
    listener = Listener(asked.sink)
    async with await listener.serve(*asked.listen):
        yield listener


def impostor(kid: str) -> PrivateKey:
    """A fresh key that calls itself as ours does."""
    return private_keys([generate(kid, "sig", "ES256")])[0]


def _place(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdigit():
        raise SettingsError("--listen is written as host:port, such as 127.0.0.1:8099")
    return host, int(port)


def _apis(words: list[str] | None) -> frozenset[Api]:
    try:
        return frozenset(Api(word) for word in words or Api)
    except ValueError as error:
        raise SettingsError(f"an API is one of {', '.join(Api)}") from error


def _numbers(ready: str, unready: str, unknown: str) -> Numbers:
    try:
        return Numbers(ready=msisdn(ready), unknown=msisdn(unknown), unready=msisdn(unready) if unready else "")
    except CamaraError as error:
        raise SettingsError("a number is written as +32470123456") from error
