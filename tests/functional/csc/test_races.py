"""Fifty calls at once at two processes on one database: each digest gives one signature, each code one token."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.csc.conftest import OTHER_TOWN_PORT
from tests.functional.csc.town import BACK, RSA_SHA256, SECRETS, Line, Site, Town, b64, built, digests, living, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ipse.kernel.keystore import Keystore
    from tests.functional.signature_activation.processes import Place
    from tests.support.certification import RunningCertification

CALLS = 50


@pytest.fixture
def two(
    tmp_path: Path, database_url: str, keystore: Keystore, activation: Place, certification: RunningCertification
) -> Iterator[tuple[Town, str]]:
    """A town, and the address of a second process of its scheme."""
    with living(
        folder=tmp_path,
        database=database_url,
        keystore=keystore,
        activation=activation.address,
        certification=certification.scheme_settings,
        port=OTHER_TOWN_PORT,
    ) as town:
        line = Line()
        second = line.call(built(town.settings, keystore, town.clock))
        port = OTHER_TOWN_PORT + 5
        with serving(line, second.application, port):
            yield town, f"http://localhost:{port}"
        line.call(second.close())
        line.call(second.database.close())
        line.close()


def test_fifty_calls_give_each_digest_once_and_each_code_once(two: tuple[Town, str]) -> None:
    town, second = two
    site, phone = Site(town), town.ada()
    token, credential = site.known(phone)
    wanted = digests(3, "race")
    sad = site.sad(phone, credential, wanted)
    members = {"credentialID": credential, "SAD": sad, "signAlgo": RSA_SHA256}
    bodies = [{**members, "hash": [b64(wanted[number % 3])]} for number in range(CALLS)]
    answers = asyncio.run(_at_once(town, second, "signatures/signHash", bodies, token))
    given = [answer.json()["signatures"][0] for answer in answers if answer.status_code == 200]
    assert len(given) == len(set(given)) == 3
    refused = {answer.json()["error_description"] for answer in answers if answer.status_code != 200}
    assert refused <= {"Hash is not authorized by the SAD", "Invalid parameter SAD"}

    code = site.back(site.authorize())["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": "notary",
        "client_secret": SECRETS["notary"],
        "code": code,
        "redirect_uri": BACK,
    }
    answers = asyncio.run(_at_once(town, second, "oauth2/token", [form] * CALLS, None))
    tokens = [answer.json()["access_token"] for answer in answers if answer.status_code == 200]
    assert len(tokens) == 1
    assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
    # The code was used twice: what came of it is taken back.
    assert site.post("credentials/list", tokens[0]).status_code == 401


async def _at_once(
    town: Town, second: str, method: str, bodies: Sequence[Mapping[str, object]], token: str | None
) -> list[httpx.Response]:
    """One half of the calls at each process."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=base, headers=headers, timeout=60))
            for base in (town.base, second)
        ]
        calls = (clients[place % 2].post(f"/csc/v1/{method}", json=body) for place, body in enumerate(bodies))
        return list(await asyncio.gather(*calls))
