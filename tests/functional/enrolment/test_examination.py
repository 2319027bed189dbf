"""`ipse registrar check` against a fresh sandbox bank, and against one broken for each expectation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from ipse.enrolment.clients import examination
from ipse.enrolment.service.examination import AFTER_LOGIN, EXPECTATIONS
from ipse.kernel.settings import Environment
from ipse.sandbox.drawers import Drawer
from tests.functional.enrolment.candidates import BACK, Candidate

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "become-a-bank.md"
DISCOVERY = "openid-configuration"
_S256 = {"code_challenge": "A" * 43, "code_challenge_method": "S256"}


def _document(path: str, **members: object) -> dict[str, Any]:
    return {"documents": {path: lambda document: document.update(members)}}


def _answer(path: str, answer: Callable[[Any], Any]) -> dict[str, Any]:
    return {"answers": {path: answer}}


BROKEN: dict[str, dict[str, Any]] = {
    "address": {"issuer": "http://127.0.0.1:8001/banks/bank-vesta"},
    "discovery": _document(DISCOVERY, issuer="https://login.candidate.example/other"),
    "endpoints": _document(DISCOVERY, token_endpoint="https://elsewhere.example/token"),
    "issuer in answers": _document(DISCOVERY, authorization_response_iss_parameter_supported=False),
    "client by key": _document(DISCOVERY, token_endpoint_auth_methods_supported=["client_secret_basic"]),
    "claims parameter": _document(DISCOVERY, verified_claims_supported=False),
    "signed answers": _document(DISCOVERY, userinfo_signing_alg_values_supported=["none"]),
    "key set": {"documents": {"jwks": lambda document: document["keys"][0].update(d="AAAA")}},
    "pushed request": _document("par", request_uri=None),
    "pushed only": _answer("authorize", lambda _: PlainTextResponse("log in here")),
    "PKCE demanded": {"form": lambda form: form.update(_S256 if "code_challenge" not in form else {})},
    "PKCE S256 alone": {
        "form": lambda form: form.update(_S256 if form.get("code_challenge_method") == "plain" else {})
    },
    "no client": {"blind": lambda form: "client_assertion" not in form},
    "wrong client": {
        "blind": lambda form: form.get("client_id") != "ipse",
    },
    "wrong key": {"blind": lambda _: True},
    "wrong audience": {"blind": lambda _: True},
    "expired assertion": {"blind": lambda _: True},
    "replayed assertion": {"blind": lambda _: True},
    "wrong redirect URI": {"form": lambda form: form.update(redirect_uri=BACK)},
    "wrong response type": {"form": lambda form: form.update(response_type="code")},
    "unknown request": _answer(
        "authorize", lambda request: PlainTextResponse("hello") if "request_uri" in request.query_params else None
    ),
    "unknown code": _answer("token", lambda _: PlainTextResponse("Out of order", 500)),
    "UserInfo guarded": _answer("userinfo", lambda _: JSONResponse({"sub": "s-1"})),
    "quick answers": {"delay": 0.15},
}


async def test_the_sandbox_bank_fulfils_everything(tmp_path: Path) -> None:
    findings = await Candidate(tmp_path).examination().without_person()
    assert [(each.name, each.fault) for each in findings if not each.fulfilled] == []
    assert [each.name for each in findings] == list(EXPECTATIONS)


def test_every_expectation_has_a_broken_candidate_and_a_place_in_the_guide() -> None:
    assert set(BROKEN) == set(EXPECTATIONS)
    guide = GUIDE.read_text()
    assert [name for name in (*EXPECTATIONS, *AFTER_LOGIN) if f"`{name}`" not in guide] == []


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_candidate_is_named(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "quick answers":
        monkeypatch.setattr(examination, "SLOWEST", 0.1)
    candidate = Candidate(tmp_path, **BROKEN[name])
    assert candidate.environment is Environment.PRODUCTION
    faults = {each.name: each.fault for each in await candidate.examination().without_person() if not each.fulfilled}
    assert name in faults, faults
    assert faults[name]


async def _logged_in(candidate: Candidate, person: str = "ada") -> tuple[Any, str]:
    """Examine up to the address that a test person ends at."""
    one = candidate.examination()
    one.environment = Environment.SANDBOX
    await one.without_person()
    address = await one.login_address()
    handle = candidate.provider.begin_login(
        dict(pair.split("=", 1) for pair in address.partition("?")[2].replace("%3A", ":").split("&")), "browser"
    )
    known = candidate.provider.person(person)
    assert known is not None
    back = candidate.provider.approve(handle, known)
    assert back is not None
    return one, back


async def test_after_a_login_everything_is_fulfilled_too(tmp_path: Path) -> None:
    one, back = await _logged_in(Candidate(tmp_path))
    findings = await one.after_login(back)
    assert [(each.name, each.fault) for each in findings] == [(name, "") for name in AFTER_LOGIN]


async def test_an_answer_that_is_not_bound_is_named(tmp_path: Path) -> None:
    one, back = await _logged_in(Candidate(tmp_path))
    findings = await one.after_login(back.partition("&iss=")[0])
    assert {each.name for each in findings if not each.fulfilled} == {"answer bound"}


async def test_a_person_without_an_identity_is_named(tmp_path: Path) -> None:
    one, back = await _logged_in(Candidate(tmp_path), person="finn")
    faults = {each.name: each.fault for each in await one.after_login(back)}
    assert "younger than 16" in faults["verified claims"]


async def test_a_code_that_works_twice_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = Candidate(tmp_path)
    one, back = await _logged_in(candidate)
    monkeypatch.setattr(Drawer, "take", Drawer.look)
    findings = await one.after_login(back)
    assert {each.name for each in findings if not each.fulfilled} == {"code once"}
