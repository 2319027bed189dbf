"""The API's own description: OpenAPI 3.1 from the structs that parse and render, and a page for people.

Nothing is written twice: shapes come from `model`, error codes from `errors`. docs/reference/broker.openapi.json is
this document, kept in step by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.broker import errors
from ipse.broker.model import PATH, NewSession, SessionView
from ipse.broker.rules.status import ERROR_CODES
from ipse.broker.rules.status import error as session_error
from ipse.kernel.errors import PlatformError
from ipse.storage.errors import DatabaseUnavailableError
from ipse.web.errors import MethodNotAllowed, NotFound, TooManyRequests
from ipse.web.pages import Pages

VERSION: Final = "1.0.0"
_PROBLEM: Final = "application/problem+json"
_REF: Final = "#/components/schemas/{name}"
_KEPT: Final = (b"cache-control", b"public, max-age=1800")
_CALLER: Final[tuple[type[PlatformError], ...]] = (
    errors.InvalidAccessToken,
    errors.InsufficientScope,
    errors.InvalidSignedRequest,
)
_EVERYWHERE: Final[tuple[type[PlatformError], ...]] = (
    *_CALLER,
    errors.InvalidBody,
    errors.UnsupportedMedia,
    TooManyRequests,
    DatabaseUnavailableError,
)
_INTRODUCTION: Final = """\
Who is in front of you, without OpenID Connect: create a session, send the browser to its `authenticationUrl` (or show
the `qr` of a headless one), read the result.

Prove yourself with an access token of the scope `broker` (OAuth 2.0 client credentials; one that is bound to a key
comes with its DPoP proof, RFC 9449), or sign each request: a
compact JWS with `typ` `ipse-broker-request+jwt` and the claims `iss` (your client id), `aud` (the issuer), `iat`,
`exp` (at most 300 s later), `jti`, `htm`, `htu`, and for a new session `body`. It is the body of a POST
(`application/jose`), or stands in `Authorization: Signed-Request …` where there is no body.

The result of a `redirect` session is read with the `resultToken` that came back through the browser, and by nobody
who does not have it; read it within three minutes of the callback, and again for ten. Keep the session's id in your
own session with that browser, and refuse a callback that belongs to another one.

Names, attributes and times that are absent were not asked, are not known or were not shared: nothing is ever null.
"""


class Problem(msgspec.Struct, frozen=True):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """Stays the same over versions; go by it."""
    reference: str
    """To quote to a help desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    id: str
    summary: str
    description: str
    success: int
    refusals: tuple[type[PlatformError], ...] = ()
    takes: type[msgspec.Struct] | None = None
    result_token: bool = False


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/sessions",
        id="createSession",
        summary="Create a session",
        description="Everything is judged now, before a person sees anything.",
        success=201,
        takes=NewSession,
        refusals=(
            errors.UnknownService,
            errors.UnsupportedService,
            errors.ProofTooWeak,
            errors.FinalPartnerRefused,
            errors.UnknownAttribute,
            errors.AttributeNotInContract,
            errors.AttributesMissing,
            errors.CallbackRefused,
            errors.EncryptionUnavailable,
        ),
    ),
    Operation(
        method="GET",
        path="/sessions/{id}",
        id="readSession",
        summary="Read a session, and its result",
        description="A headless session answers with its result once it is approved; a `redirect` session to those who "
        "send the `resultToken` of its browser. A session is forgotten a day after its end.",
        success=200,
        result_token=True,
        refusals=(
            errors.UnknownSession,
            errors.WrongResultToken,
            errors.FinalPartnerRefused,
            errors.ProofTooWeak,
            errors.EncryptionUnavailable,
            errors.ResultBusy,
            errors.ResultGone,
        ),
    ),
    Operation(
        method="POST",
        path="/sessions/{id}/cancel",
        id="cancelSession",
        summary="Cancel a session",
        description="Possible until the person has decided.",
        success=200,
        refusals=(errors.UnknownSession, errors.SessionEnded),
    ),
)
"""What the API does."""


@lru_cache(maxsize=4)
def build_description(origin: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document; `origin` is where the API is reached, without path."""
    _, schemas = msgspec.json.schema_components((NewSession, SessionView, Problem), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ipse sessions", "version": VERSION, "description": _INTRODUCTION},
        "servers": [{"url": origin + PATH}],
        "security": [{"accessToken": []}, {"signedRequest": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "accessToken": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": f"{origin}/v2/token",
                            "scopes": {"broker": "Create and read sessions"},
                        }
                    },
                },
                "signedRequest": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Signed-Request` and a compact JWS; see the introduction.",
                },
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
    }
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.takes is not None:
        described["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {"schema": _ref(operation.takes)},
                "application/jose": {"schema": {"type": "string", "description": "The signed request."}},
            },
        }
    success: dict[str, Any] = {
        "description": "The session.",
        "content": {"application/json": {"schema": _ref(SessionView)}},
    }
    if operation.success == 201:
        success["headers"] = {"Location": {"required": True, "schema": {"type": "string"}}}
    described["responses"] = {str(operation.success): success, **_refusals(operation)}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in operation.path:
        identifier = {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}
        found.append({"name": "id", "in": "path", "required": True, "schema": identifier})
    if operation.result_token:
        value = {"type": "string", "maxLength": 64}
        what = "What came back through the browser; the header keeps it out of addresses."
        found.append({"name": "Result-Token", "in": "header", "description": what, "schema": value})
        found.append({"name": "resultToken", "in": "query", "description": "The same.", "schema": value})
    return found


def _refusals(operation: Operation) -> dict[str, Any]:
    """One answer for each status, which names the codes behind it."""
    by_status: dict[int, list[type[PlatformError]]] = {}
    kinds: list[type[PlatformError]] = [*_EVERYWHERE, *operation.refusals, NotFound, MethodNotAllowed]
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {
        str(status): {
            "description": " ".join(f"`{kind.code}`: {kind.title}." for kind in alike),
            "content": {_PROBLEM: {"schema": _ref(Problem)}},
        }
        for status, alike in sorted(by_status.items())
    }


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}


class DocumentEndpoints:
    """The description for programs, and a page of it for people."""

    def __init__(self, origin: str, pages: Pages) -> None:
        self._description = build_description(origin)
        self._json = msgspec.json.encode(self._description)
        self._pages = pages

    async def description(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """`/broker/v1/openapi.json`."""
        response = Response(self._json)
        response.raw_headers += [
            (b"content-type", b"application/json"),
            _KEPT,
            (b"access-control-allow-origin", b"*"),
            (b"cross-origin-resource-policy", b"cross-origin"),
        ]
        return response

    async def page(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """`/broker/v1/docs`: for developers, in English like all of the API."""
        schemas: Mapping[str, Any] = self._description["components"]["schemas"]
        return self._pages.render(
            "broker/docs.html",
            "en",
            description=self._description,
            introduction=_INTRODUCTION.strip().split("\n\n"),
            operations=OPERATIONS,
            everywhere=_EVERYWHERE,
            shapes=[_shape(name, schemas) for name in _ORDER],
            ends=[session_error(code) for code in ERROR_CODES],
        )


_ORDER: Final = (
    "NewSession",
    "CallbackUrls",
    "SessionView",
    "Subject",
    "NationalNumber",
    "PostalAddress",
    "Birthplace",
    "SessionError",
)


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Shape:
    name: str
    text: str
    members: tuple[_Member, ...]


def _shape(name: str, schemas: Mapping[str, Any]) -> _Shape:
    schema = schemas[name]
    required = schema.get("required", [])
    members = tuple(
        _Member(member, _kind(described, schemas), member in required, str(described.get("description", "")))
        for member, described in schema["properties"].items()
    )
    return _Shape(name, str(schema.get("description", "")), members)


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """A member's type in a few words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return _kind(schemas[name], schemas) if "enum" in schemas[name] else name
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_kind(each, schemas) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'], schemas)}"
    bounds = f" {schema['minimum']} to {schema['maximum']}" if "minimum" in schema else ""
    return f"{schema.get('type', 'any')}{bounds}"
