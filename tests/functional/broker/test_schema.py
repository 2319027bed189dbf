"""The API keeps its own description: no 5xx, and every answer fits the OpenAPI document (schemathesis)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ipse.broker.http.openapi import build_description
from ipse.broker.model import PATH
from ipse.kernel.keystore import Keystore
from ipse.storage.database import open_database
from tests.functional.broker.office import BASE, CALLBACKS, Office, working
from tests.functional.oidc.installation import listening

PORT = 19610
SERVER = f"http://127.0.0.1:{PORT}{PATH}"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(build_description(f"http://127.0.0.1:{PORT}"))
_settings = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def served(
    keystore: Keystore, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """The API on a port, in a thread of its own, with a token and two sessions."""
    folder, facts, ready, done = tmp_path_factory.mktemp("served"), {}, threading.Event(), threading.Event()
    for part in migrated_sqlite.parent.glob(f"{migrated_sqlite.name}*"):
        (folder / part.name).write_bytes(part.read_bytes())

    async def serve() -> None:
        database = await open_database(f"sqlite://{folder / migrated_sqlite.name}")
        async with working(keystore, database) as office, listening(office.scheme.application, PORT):
            facts.update(await _facts(office))
            ready.set()
            while not done.is_set():  # noqa: ASYNC110 - an event of another thread
                await asyncio.sleep(0.02)
        await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield facts
    done.set()
    thread.join(10)


async def _facts(office: Office) -> dict[str, Any]:
    approved, headless = await office.session(), await office.headless()
    async with office.browser() as browser:
        value, _ = await office.approved(approved, browser)
    ids = [approved["id"], headless["id"], (await office.session())["id"]]
    return {"headers": await office.bearer(), "ids": ids, "value": value}


def _operation(method: str, path: str) -> Any:
    return SCHEMA[path][method]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/sessions"), ("GET", "/sessions/{id}"), ("POST", "/sessions/{id}/cancel")]
)
def test_whatever_is_sent_the_answer_is_described(
    served: dict[str, Any], method: str, path: str, mode: GenerationMode
) -> None:
    strategy = _operation(method, path).as_strategy(generation_mode=mode)

    @_settings
    @given(case=strategy, data=st.data())
    def sent(case: Any, data: st.DataObject) -> None:
        if mode is GenerationMode.POSITIVE and data.draw(st.booleans()):
            _make_sensible(case, served, data)
        case.call_and_validate(base_url=SERVER, headers=served["headers"], checks=CHECKS, timeout=10)

    sent()


def _make_sensible(case: Any, served: dict[str, Any], data: st.DataObject) -> None:
    """Aim at what exists, so that more than refusals is seen."""
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = data.draw(st.sampled_from(served["ids"]))
        case.headers = (
            {**(case.headers or {}), "Result-Token": served["value"]} if case.method == "GET" else case.headers
        )
    elif isinstance(case.body, dict):
        case.media_type = "application/json"
        wanted = data.draw(st.sampled_from(["MUSEUM_CARD", "LIBRARY_LOGIN", "DESK_LOGIN"]))
        attributes = data.draw(st.lists(st.sampled_from(["firstName", "nin", "given_name", "address"]), min_size=1))
        case.body |= {"service": wanted, "callbackUrls": CALLBACKS, "requestedAttributes": attributes}
        case.body["finalPartner"] = ""
        case.body["subject"] = ""


async def test_the_document_and_its_page_are_served(sqlite_office: Office) -> None:
    document = (await sqlite_office.api.get(f"{PATH}/openapi.json")).json()
    assert document == msgspec.json.decode(msgspec.json.encode(build_description(BASE)))
    page = await sqlite_office.api.get(f"{PATH}/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    for name in ("createSession", "requestedAttributes", "attribute_not_in_contract", "user_refused", "Result-Token"):
        assert name in page.text


def test_the_document_is_openapi_3_1() -> None:
    """Its schemas are JSON Schema 2020-12, and every reference leads somewhere."""
    document = build_description(BASE)
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    names = {
        part.split('"', 1)[0] for part in msgspec.json.encode(document).decode().split("#/components/schemas/")[1:]
    }
    assert names <= schemas.keys()
    assert httpx.URL(document["servers"][0]["url"]).path == PATH
