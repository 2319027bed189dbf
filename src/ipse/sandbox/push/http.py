"""The push service's addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ipse.sandbox.moods import How, Moods
from ipse.sandbox.push.service import MOST_BYTES, PushRefused, PushService

PATH: Final = "/push"
PARTY: Final = "push"
_LONGEST_WAIT: Final = 25.0


class _Wish(msgspec.Struct, frozen=True):
    key: str


@dataclass(frozen=True, slots=True)
class PushPages:
    """`/push/…`. Only the senders' door misbehaves: a phone can always listen."""

    service: PushService
    moods: Moods

    def routes(self) -> list[BaseRoute]:
        """All addresses."""
        return [
            Route(PATH + "/subscriptions", self.subscribe, methods=["POST"]),
            Route(PATH + "/to/{address:str}", self.message, methods=["POST"]),
            Route(PATH + "/phones/{secret:str}", self.listen, methods=["GET"]),
            Route(PATH + "/phones/{secret:str}", self.end, methods=["DELETE"]),
        ]

    async def subscribe(self, request: Request) -> Response:
        """`{"key": the sender's public key}`: an address for it, and where the phone listens."""
        try:
            wish = msgspec.json.decode((await request.body())[:MOST_BYTES], type=_Wish)
        except msgspec.DecodeError:
            return JSONResponse({"error": 'the body must be {"key": "…"}'}, 400)
        address, secret = self.service.subscribe(wish.key)
        base = self.service.origin + PATH
        return JSONResponse({"endpoint": f"{base}/to/{address}", "listen": f"{base}/phones/{secret}"}, 201)

    async def message(self, request: Request) -> Response:
        """A push message (RFC 8030 §5)."""
        mood = self.moods.of(PARTY)
        await self.moods.wait(mood)
        if mood.how is How.ERROR:
            return Response("Out of order, as asked on the world page.\n", 500, media_type="text/plain")
        if mood.how is How.BUSY:
            return Response("Too many, as asked on the world page.\n", 429, {"retry-after": "30"})
        if mood.how is How.GARBAGE:
            return Response("<h1>Welcome to this hotel's network</h1>" * 500, 200, media_type="text/html")
        if mood.how is How.REFUSE:
            return Response("Gone, as asked on the world page.\n", 410, media_type="text/plain")
        try:
            held = self.service.take(request.path_params["address"], request.headers, await request.body())
        except PushRefused as refused:
            return JSONResponse({"error": str(refused)}, refused.status)
        kept = max(0, (held.until - self.service.clock.now()) // 1_000_000)
        location = f"{self.service.origin}{PATH}/messages/{self.service.ids.identifier()}"
        return Response(status_code=201, headers={"location": location, "ttl": str(kept)})

    async def listen(self, request: Request) -> Response:
        """What came for one phone; `?wait=` seconds for the first."""
        try:
            wait = min(max(float(request.query_params.get("wait", "0")), 0.0), _LONGEST_WAIT)
        except ValueError:
            wait = 0.0
        found = await self.service.listen(request.path_params["secret"], wait=wait)
        if found is None:
            return JSONResponse({"error": "no such subscription"}, 410)
        return JSONResponse({"messages": found}, headers={"cache-control": "no-store"})

    async def end(self, request: Request) -> Response:
        """End a subscription."""
        ended = self.service.end(request.path_params["secret"])
        return JSONResponse({"ended": ended})
