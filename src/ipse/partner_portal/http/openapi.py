"""The OpenAPI 3.1 document of the portal's API: one table of operations, and the types that the API itself reads."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ipse.partner_portal.model import API
from ipse.partner_portal.rules.bodies import FinalPartnerBody, KeysBody, NewServiceBody, OrganisationBody, ServiceBody

_SPAN: Final = (("since", "a time, or a day"), ("until", "a time, or a day"))
_LOG: Final = (
    ("since", "a time, or a day"),
    ("limit", "1 to 1000"),
    ("reference", "what an answer or an error page said"),
)
OPERATIONS: Final[tuple[tuple[str, str, str, type[Any] | None, int, tuple[tuple[str, str], ...]], ...]] = (
    ("GET", "/organisation", "The organisation as it stands", None, 200, ()),
    ("PUT", "/organisation", "Change its name and contacts", OrganisationBody, 204, ()),
    ("GET", "/services", "All services", None, 200, ()),
    ("POST", "/services", "Register a service", NewServiceBody, 201, ()),
    ("GET", "/services/{code}", "One service", None, 200, ()),
    ("PUT", "/services/{code}", "Replace a service", ServiceBody, 200, ()),
    ("DELETE", "/services/{code}", "Remove a service with its grants", None, 204, ()),
    ("GET", "/keys", "The public keys, each with its last use", None, 200, ()),
    ("PUT", "/keys", "Replace the keys; for an overlap send old and new together", KeysBody, 204, ()),
    ("POST", "/keys/test", "Fetch the keys at an address, as a login would", KeysBody, 200, ()),
    ("GET", "/requests", "Why requests were refused, newest first", None, 200, _LOG),
    ("GET", "/figures", "Requests by how they ended", None, 200, _SPAN),
    ("GET", "/applications", "What was asked for, and what became of it", None, 200, ()),
    ("GET", "/final-partners", "For whom a broker asks", None, 200, ()),
    ("POST", "/final-partners", "Register a final partner of this broker", FinalPartnerBody, 201, ()),
)
"""Method, path, what it does, the type of its body, its status when all is well, its query."""
_PROBLEM: Final = {"$ref": "#/components/responses/Problem"}


def _operation(
    method: str, path: str, summary: str, body: type[Any] | None, status: int, query: tuple[tuple[str, str], ...]
) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}} for name, text in query
    ]
    if "{code}" in path:
        parameters.append({"name": "code", "in": "path", "required": True, "schema": {"type": "string"}})
    found: dict[str, Any] = {
        "operationId": method.lower() + "".join(part.strip("{}").title().replace("-", "") for part in path.split("/")),
        "summary": summary,
        "responses": {
            str(status): {"description": summary}
            | ({} if status == 204 else {"content": {"application/json": {"schema": {"type": "object"}}}}),
            "401": _PROBLEM,
            "404": _PROBLEM,
            "422": _PROBLEM,
            "429": _PROBLEM,
        },
    }
    if parameters:
        found["parameters"] = parameters
    if body is not None:
        schema = {"$ref": f"#/components/schemas/{body.__name__}"}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return found


def _document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(API + operation[1], {})[operation[0].lower()] = _operation(*operation)
    types = [body for _, _, _, body, _, _ in OPERATIONS if body is not None]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    problem = {
        "type": "object",
        "properties": {
            name: {"type": kind}
            for name, kind in (
                ("type", "string"), ("title", "string"), ("status", "integer"), ("detail", "string"),
                ("code", "string"), ("reference", "string"), ("field", "string"),
            )
        },
    }  # fmt: skip
    answer = {
        "description": "A refusal (RFC 9457); `reference` finds it, `field` says which member is meant",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The partners' portal",
            "version": "1",
            "description": "A partner's own registration, for its programs. Send a management key that was made in the "
            "portal, or an access token of the scope partner.manage, as a bearer value.",
        },
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": problem},
            "responses": {"Problem": answer},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


DOCUMENT: Final = _document()
"""What `/partners/api/v1/openapi.json` answers, and `docs/reference/partner-portal.openapi.json` holds."""
