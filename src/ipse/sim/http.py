"""`POST /sim/events/{subscription}`: where mobile operators report (CloudEvents 1.0, structured mode)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ipse.sim.errors import NoSubscriptionError
from ipse.sim.service.building import SINK_PATH
from ipse.sim.service.subscriptions import Subscriptions
from ipse.standards.camara import CORRELATOR, CORRELATOR_HEADER, CamaraError, Code, read_event
from ipse.standards.oauth import OAuthFormError, bearer_token
from ipse.web.routes import Caller, Route

_LARGEST: Final = 16_384


@dataclass(frozen=True)
class Sink:
    """Takes reports."""

    subscriptions: Subscriptions

    async def take(self, request: Request) -> Response:
        """204 when the report was taken, 410 when the operator may drop its subscription, errors as CAMARA's."""
        correlator = request.headers.get(CORRELATOR_HEADER, "")
        headers = {CORRELATOR_HEADER: correlator} if CORRELATOR.fullmatch(correlator) and correlator else {}
        try:
            token = bearer_token(request.headers.get("authorization"))
        except OAuthFormError:
            token = None
        if token is None:
            return _problem(401, Code.UNAUTHENTICATED, "The token of the subscription is missing.", headers)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST:
                return _problem(400, Code.INVALID_ARGUMENT, "The report is too large.", headers)
        try:
            event = read_event(request.headers.get("content-type", ""), bytes(body))
        except CamaraError as error:
            return _problem(400, Code.INVALID_ARGUMENT, str(error), headers)
        try:
            await self.subscriptions.take(token, event)
        except NoSubscriptionError as error:
            return _problem(410, Code.GONE, error.public, headers)
        return Response(status_code=204, headers=headers)


def _problem(status: int, code: Code, message: str, headers: dict[str, str]) -> Response:
    return JSONResponse({"status": status, "code": code, "message": message}, status, headers=headers)


def routes(subscriptions: Subscriptions) -> list[Route]:
    """Return the sink's route."""
    sink = Sink(subscriptions)
    return [Route(SINK_PATH + "/{subscription}", sink.take, ["POST"], caller=Caller.OPERATOR, limit="partner")]
