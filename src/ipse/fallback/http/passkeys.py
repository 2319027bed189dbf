"""The page where a passkey is made, and the page that asks for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.responses import Response

from ipse.actions.errors import EvidenceExpired, LevelTooLow, RequestEnded, RequestExpired, RequestTaken
from ipse.actions.model import Method
from ipse.fallback.errors import FallbackRefused, InvitationOver, PasskeyRefused, TooManyTries
from ipse.fallback.http.cards import json_answer
from ipse.fallback.http.pages import address_of, browser_of, handle_of, language_for
from ipse.fallback.service.passkeys import PATH as MAKING
from ipse.fallback.service.passkeys import Passkeys
from ipse.fallback.service.visits import PATH
from ipse.standards.strict_json import JsonError, parse_object
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body
from ipse.web.pages import Pages, language_of

log = structlog.get_logger("ipse.fallback")
_MOST_BYTES: Final = 65_536
REASONS: Final = ("unsupported", "cancelled", "refused", "over", "again", "tries", "evidence", "other")
"""Everything the pages may have to say."""


@dataclass(frozen=True)
class PasskeyPages:
    """Endpoints."""

    passkeys: Passkeys
    pages: Pages

    async def making(self, request: Request) -> Response:
        """`GET /passkey/{ticket}`: where a passkey is made."""
        language, ticket = language_of(request), _ticket_of(request)
        here = f"{MAKING}/{ticket}"
        try:
            asked = await self.passkeys.asked(ticket)
        except InvitationOver as error:
            return self.pages.render("fallback/passkey_over.html", language, status=error.status, here=here)
        return self.pages.render("fallback/passkey_make.html", language, here=here, reasons=REASONS, **asked)

    async def make(self, request: Request) -> Response:
        """`POST /passkey/{ticket}`: what the browser has made, as JSON."""
        content = await _content(request)
        try:
            await self.passkeys.visits.admit(address_of(request))
            await self.passkeys.make(_ticket_of(request), content.get("credential"))
        except PasskeyRefused as error:
            log.info("passkey_refused", detail=str(error))
            return json_answer({"refused": "refused"}, error.status)
        except InvitationOver as error:
            return json_answer({"refused": "over"}, error.status)
        except TooManyTries as error:
            return json_answer({"refused": "tries"}, error.status)
        return json_answer({"made": True}, 200)

    async def page(self, request: Request) -> Response:
        """`GET …/other/passkey`: with a fresh challenge."""
        browser = browser_of(request)
        action = await self.passkeys.visits.chosen(handle_of(request), browser, Method.PASSKEY)
        return self.pages.render(
            "fallback/passkey.html",
            language_for(request, action),
            here=f"{PATH}/{action.handle}",
            partner=action.request.partner_name,
            challenge=await self.passkeys.ask(action, browser),
            relying_party=self.passkeys.relying_party,
            reasons=REASONS,
        )

    async def take(self, request: Request) -> Response:
        """`POST …/other/passkey`: what the passkey signed, as JSON; the answer says where the page goes."""
        browser, address = browser_of(request), address_of(request)
        visits = self.passkeys.visits
        action = await visits.allowed(handle_of(request), browser, Method.PASSKEY)
        content = await _content(request)
        challenge = content.get("challenge")
        if not isinstance(challenge, str):
            raise MalformedForm("challenge is a text")
        try:
            await visits.admit(address)
            proven = await self.passkeys.prove(
                action, browser, challenge=challenge, assertion=content.get("credential")
            )
            await visits.prove(action, browser, proven, address=address)
        except (PasskeyRefused, FallbackRefused) as error:
            log.info("passkey_refused", detail=str(error))
            return json_answer({"refused": "refused"}, error.status)
        except EvidenceExpired as error:
            return json_answer({"refused": "evidence"}, error.status)
        except TooManyTries as error:
            return json_answer({"refused": "tries"}, error.status)
        except (LevelTooLow, RequestEnded, RequestExpired, RequestTaken):
            return json_answer({"to": f"{PATH}/{action.handle}"}, 200)
        return json_answer({"to": f"{PATH}/{action.handle}/other/consent?lang={language_for(request, action)}"}, 200)


def _ticket_of(request: Request) -> str:
    ticket: str = request.path_params["ticket"]
    return ticket[:40]


async def _content(request: Request) -> dict[str, Any]:
    try:
        return parse_object(await read_body(request, most=_MOST_BYTES), max_bytes=_MOST_BYTES, max_depth=4)
    except JsonError as error:
        raise MalformedForm(f"not JSON as it should be: {error}") from error
