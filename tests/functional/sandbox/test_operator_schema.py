"""The operators keep their own descriptions: no 5xx, and every answer fits the OpenAPI document (schemathesis)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette

from ipse.sandbox.operators.descriptions import description
from ipse.standards.camara import Api, Scope
from tests.functional.sandbox.telecom import ADA, SPARE, STRANGE, Telecom, telecom

ISSUER = "http://127.0.0.1:2/operators/lumo"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    (Api.NUMBER_VERIFICATION, "POST", "/verify", (Scope.VERIFY,)),
    (Api.NUMBER_VERIFICATION, "GET", "/device-phone-number", (Scope.DEVICE_PHONE_NUMBER,)),
    (Api.SIM_SWAP, "POST", "/check", (Scope.SIM_SWAP,)),
    (Api.SIM_SWAP, "POST", "/retrieve-date", (Scope.SIM_SWAP,)),
    (Api.SIM_SWAP_SUBSCRIPTIONS, "POST", "/subscriptions", (Scope.SUBSCRIBE,)),
    (Api.SIM_SWAP_SUBSCRIPTIONS, "GET", "/subscriptions", (Scope.READ_SUBSCRIPTIONS,)),
    (Api.SIM_SWAP_SUBSCRIPTIONS, "GET", "/subscriptions/{subscriptionId}", (Scope.READ_SUBSCRIPTIONS,)),
    (Api.SIM_SWAP_SUBSCRIPTIONS, "DELETE", "/subscriptions/{subscriptionId}", (Scope.DELETE_SUBSCRIPTIONS,)),
    (Api.OTP_SMS, "POST", "/send-code", (Scope.SEND_VALIDATE,)),
    (Api.OTP_SMS, "POST", "/validate-code", (Scope.SEND_VALIDATE,)),
]
_settings = settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@cache
def schema(api: Api) -> Any:
    """The document, behind an application that answers in process."""
    return schemathesis.openapi.from_dict(description(api, ISSUER))


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telecom]:
    with telecom(tmp_path_factory.mktemp("schema")) as running:
        yield running


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize(("api", "method", "path", "scopes"), OPERATIONS, ids=str)
def test_whatever_is_sent_the_answer_is_described(
    net: Telecom, api: Api, method: str, path: str, scopes: tuple[Scope, ...], mode: GenerationMode
) -> None:
    app = Starlette(routes=net.telecoms.routes())
    strategy = schema(api)[path][method].as_strategy(generation_mode=mode)

    @_settings
    @given(case=strategy, data=st.data())
    def sent(case: Any, data: st.DataObject) -> None:
        if isinstance(case.body, dict) and mode is GenerationMode.POSITIVE:
            case.media_type = "application/json"
            if "phoneNumber" in case.body:
                case.body["phoneNumber"] = data.draw(st.sampled_from([ADA, SPARE, STRANGE]))
        by_person = api is Api.NUMBER_VERIFICATION or data.draw(st.booleans())
        token = asyncio.run(net.token_of(ADA, *scopes) if by_person else net.token(*scopes))
        headers = {"authorization": f"Bearer {token}"}
        response = case.call(app=app, base_url=schema(api)[path][method].base_url, headers=headers)
        case.validate_response(response, checks=CHECKS)

    sent()
