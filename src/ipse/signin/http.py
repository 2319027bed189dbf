"""Addresses under `/v2/sign-in`: the waiting page again, its news, its forms, and the ways on."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from ipse.actions.errors import StartedElsewhere, UnknownAction
from ipse.signin.service import PATH, News, SignIn
from ipse.web.forms import read_own_form
from ipse.web.languages import LANGUAGES
from ipse.web.routes import Caller, Endpoint, Route

_HANDLE = re.compile(r"[A-Za-z0-9_-]{1,64}")
KEEP_ALIVE = b": waiting\n\n"


def routes(signin: SignIn) -> list[Route]:
    """All routes of the waiting page."""
    on, browser = _Endpoints(signin), Caller.BROWSER
    return [
        Route(PATH + "/return/{value}", on.told(on.returned), caller=browser, limit="page"),
        Route(PATH + "/{handle}", on.told(on.page), caller=browser, limit="page"),
        Route(PATH + "/{handle}/events", on.events, caller=browser, limit="wait"),
        Route(PATH + "/{handle}/frame.svg", on.frame, caller=browser, limit="page"),
        Route(PATH + "/{handle}/extend", on.told(on.extend), ("POST",), caller=browser, limit="page"),
        Route(PATH + "/{handle}/cancel", on.told(on.cancel), ("POST",), caller=browser, limit="page"),
        Route(PATH + "/{handle}/finish", on.told(on.finish), caller=browser, limit="page"),
        Route(PATH + "/{handle}/number", on.told(on.number), caller=browser, limit="page"),
        Route(PATH + "/{handle}/number/ask", on.told(on.ask), ("POST",), caller=browser, limit="page"),
        Route(PATH + "/{handle}/number/seen", on.told(on.seen), ("POST",), caller=browser, limit="page"),
    ]


class _Endpoints:
    def __init__(self, signin: SignIn) -> None:
        self._signin = signin

    def told(self, endpoint: Endpoint) -> Endpoint:
        """Tell people in plain words when a page is not theirs."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except StartedElsewhere as error:
                return self._signin.notice(request, "foreign", status=error.status)
            except UnknownAction as error:
                return self._signin.notice(request, "unknown", status=error.status)

        return answer

    async def page(self, request: Request) -> Response:
        return await self._signin.page(request, _handle(request))

    async def events(self, request: Request) -> Response:
        return EventStream(self._signin.news(request, _handle(request)))

    async def frame(self, request: Request) -> Response:
        drawn = request.query_params.get("f", "")
        picture = await self._signin.frame_picture(request, _handle(request), drawn)
        return Response(picture, media_type="image/svg+xml")

    async def extend(self, request: Request) -> Response:
        await read_own_form(request)
        return _to(await self._signin.extend(request, _handle(request)) + _same_form(request))

    async def cancel(self, request: Request) -> Response:
        await read_own_form(request)
        return self._signin.leave(request, await self._signin.cancel(request, _handle(request)))

    async def finish(self, request: Request) -> Response:
        return self._signin.leave(request, await self._signin.finish(request, _handle(request)))

    async def number(self, request: Request) -> Response:
        return await self._signin.numbers.page(request, _handle(request))

    async def ask(self, request: Request) -> Response:
        fields = await read_own_form(request)
        refused = await self._signin.numbers.ask(request, _handle(request), fields)
        return refused or _to(f"{PATH}/{_handle(request)}" + _same_form(request))

    async def seen(self, request: Request) -> Response:
        await read_own_form(request)
        await self._signin.numbers.seen(request, _handle(request))
        return _to(f"{PATH}/{_handle(request)}" + _same_form(request))

    async def returned(self, request: Request) -> Response:
        return self._signin.leave(request, await self._signin.returned(request, request.path_params["value"]))


class EventStream(Response):
    """Server-sent events (WHATWG HTML §9.2) with nothing but one task and the connection behind each waiter."""

    def __init__(self, news: AsyncIterator[News | None]) -> None:
        super().__init__(media_type="text/event-stream")
        del self.headers["content-length"]
        # Proxies that buffer would hold news back.
        self.headers["X-Accel-Buffering"] = "no"
        self._news = news

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send news until it ends or the browser leaves."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async for news in self._news:
                chunk = KEEP_ALIVE
                if news is not None:
                    chunk = b"event: state\ndata: " + msgspec.json.encode(news) + b"\n\n"
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except (StartedElsewhere, UnknownAction):
            # The page asks again as a page, and is told there.
            await send({"type": "http.response.body", "body": b"event: gone\ndata: {}\n\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _handle(request: Request) -> str:
    handle: str = request.path_params["handle"]
    if not _HANDLE.fullmatch(handle):
        raise UnknownAction("not a handle")
    return handle


def _same_form(request: Request) -> str:
    query = request.query_params
    plain = "plain=1&" if query.get("plain") == "1" else ""
    return f"?{plain}lang={query['lang']}" if query.get("lang") in LANGUAGES else ""


def _to(address: str) -> Response:
    return RedirectResponse(address, 303)
