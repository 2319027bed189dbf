"""A hostile or malformed request for every check of every visible list, and for every error code.

The tables are keyed by the lists themselves: a check or a code without a request fails here. Every refusal is in the
words of the protocol, is never our fault (5xx), goes to no redirect URI that is not proven, begins nothing, and names
its check in the server's log and, where it is known whose request it was, in the request log of that partner.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from ipse.kernel.keystore import Keystore
from ipse.oidc import errors, rules
from ipse.oidc.errors import OAuthError
from ipse.oidc.rules.pushed import PushedForm, check_same_client
from ipse.oidc.rules.running import run_checks
from ipse.storage.database import Database
from tests.functional.oidc import hostile_browsers, hostile_servers
from tests.functional.oidc.hostile import Case, Keys, World, world, wrong

CASES = {**hostile_browsers.CASES, **hostile_servers.CASES}
NEVER_REFUSE = {"collect_attributes", "take_content"}
"""They only read what other checks judge."""
PARTS = {"PROFILE_CHECKS": "REQUEST_CHECKS", "DETAIL_CHECKS": "REQUEST_CHECKS", "CONFIRMATION_CHECKS": "REQUEST_CHECKS"}
"""Lists that are part of a longer one, where their cases stand."""
SECOND = {
    ("PUSHED_CHECKS", "check_same_client"): "a partner proves itself by this very client_id, or is refused before",
    ("ASKED_CHECKS", "check_client_method"): "check_registered and CLIENT_CHECKS refuse such a partner before",
    ("ASKED_CHECKS", "check_way_of_asking"): "a back-channel request is never a plain query",
}
"""Checks that stand behind others: no request reaches them, they are asked directly."""


@pytest.fixture
def engine() -> str:
    """Rules do not differ by engine."""
    return "sqlite"


@pytest.fixture
async def around(keystore: Keystore, database: Database, partner_keys: Keys) -> AsyncIterator[World]:
    async with world(keystore, database, partner_keys) as made:
        yield made


def lists() -> dict[str, tuple[Callable[..., Any], ...]]:
    """Every visible list of the feature."""
    found: dict[str, tuple[Callable[..., Any], ...]] = {}
    for each in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        members = vars(importlib.import_module(each.name)).items()
        found |= {name: value for name, value in members if name.endswith("_CHECKS") and isinstance(value, tuple)}
    return found


def test_every_check_of_every_list_has_a_request() -> None:
    known = lists()
    assert len(known) >= 13
    for part, whole in PARTS.items():
        assert set(known[part]) <= set(known[whole])
    for name, checks in known.items():
        if name in PARTS:
            continue
        wanted = {check.__name__ for check in checks} - NEVER_REFUSE
        behind = {check for of, check in SECOND if of == name}
        assert set(CASES[name]) | behind == wanted, name
        assert not set(CASES[name]) & behind
        assert all(CASES[name].values())
    assert set(CASES) - {""} == known.keys() - PARTS.keys()


def test_every_error_code_has_a_request() -> None:
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, OAuthError)]
    known = {each.code for each in classes if each is not OAuthError}
    made = {case.code for of in CASES.values() for cases in of.values() for case in cases}
    assert known == made | {case.code for case in hostile_servers.CODES}


@pytest.mark.parametrize("name", CASES)
async def test_each_check_refuses(around: World, name: str) -> None:
    failed = []
    for check, cases in CASES[name].items():
        for number, case in enumerate(cases):
            failed += [(check, number, fault) for fault in await faults(around, case, check)]
    assert not failed, "\n".join(map(str, failed))


async def test_each_code_is_answered(around: World) -> None:
    failed = []
    for number, case in enumerate(hostile_servers.CODES):
        failed += [(case.code, number, fault) for fault in await faults(around, case, "")]
    assert not failed, "\n".join(map(str, failed))


def test_checks_that_stand_behind_others() -> None:
    with pytest.raises(OAuthError) as refused:
        run_checks((check_same_client,), PushedForm(form={"client_id": "another"}, partner_id="one"))
    assert (refused.value.code, refused.value.check) == ("invalid_request", "check_same_client")
    known = lists()
    browsers = {check.__name__: check for check in known["REQUEST_CHECKS"]}
    for name, check in (key for key in SECOND if key[0] == "ASKED_CHECKS"):
        assert browsers[check] in known[name], "the same function, with a request among REQUEST_CHECKS"


async def faults(around: World, case: Case, check: str) -> list[str]:
    """Send one request; what of its refusal is not as it must be."""
    since = around.clock.now() - 1
    with capture_logs() as told:
        answer = await case.send(around)
    failed = wrong(case, answer, around)
    wanted = case.named or check
    heard = [event.get("check") for event in told if event["event"] == "refused" and event.get("code") == case.code]
    if check and wanted not in heard:
        failed.append(f"the server's log names {heard}")
    if case.logged and wanted:
        lines = await around.log.lines(around.party(case.party).client_id, after=since)
        named = {(line.check, line.error) for line in lines}
        if (wanted, case.code) not in named:
            failed.append(f"the request log names {named}")
    around.clock.advance(seconds=0.01)
    return failed
