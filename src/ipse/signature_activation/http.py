"""The wire: JSON over a Unix socket, five addresses and a status. Nothing is parsed that is larger than it may be."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ipse.signature_activation.errors import Refusal, Tampered
from ipse.signature_activation.service import SignatureActivation
from ipse.standards.signature_activation import Activated, Certified, Ending, NewCredential, Refused
from ipse.storage.errors import DatabaseUnavailableError

log = structlog.get_logger("ipse.signature_activation")
MOST_BYTES = 524_288
_CREDENTIAL = re.compile(r"/credentials/([A-Za-z0-9_-]{1,64})/(certificate|end)")
B = TypeVar("B")
_Answer = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Application:
    """The ASGI application."""

    service: SignatureActivation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = _json(await self._answer(request), 200)
        except ClientDisconnect:
            return
        except Refusal as refusal:
            log.info("refused", code=refusal.code, detail=refusal.detail)
            response = _json(Refused(refusal.code, refusal.detail), refusal.status)
        except Tampered as error:
            log.critical("tampered", error=str(error))
            response = _json(Refused("keys_unavailable", "the database was changed by somebody else"), 503)
        except DatabaseUnavailableError as error:
            log.warning("database.unavailable", error=type(error).__name__)
            response = _json(Refused("keys_unavailable", "the database cannot be written"), 503)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer says nothing of it
            log.critical("failed", error=type(error).__name__, where=_where(error))
            response = _json(Refused("keys_unavailable", "something went wrong here"), 503)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> object:
        service, (method, path) = self.service, (request.method, request.url.path)
        if method == "GET" and path == "/key":
            return service.published
        if method == "GET" and path == "/status":
            return await self._status()
        if method == "POST" and path == "/credentials":
            return await service.create(await _body(request, NewCredential))
        if method == "POST" and path == "/signatures":
            return await service.sign(await _body(request, Activated))
        found = _CREDENTIAL.fullmatch(path)
        if found and (method, found[2]) == ("PUT", "certificate"):
            await service.certify(found[1], await _body(request, Certified))
            return {}
        if found and (method, found[2]) == ("POST", "end"):
            await service.end(found[1], await _body(request, Ending))
            return {}
        raise Refusal("malformed", "there is no such address")

    async def _status(self) -> dict[str, Any]:
        records = self.service.records
        return {
            "environment": self.service.settings.environment,
            "keys": "reachable" if await self.service.reachable() else "unavailable",
            "credentials": await records.counts(),
            "audit_head": records.register.head,
        }


async def _body(request: Request, kind: type[B]) -> B:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refusal("malformed", "the body is too large")
    try:
        return msgspec.json.decode(bytes(body), type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal("malformed", f"the body is not a {kind.__name__}") from error


def _json(value: object, status: int) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
