"""The page that asks the browser's card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ipse.actions.errors import EvidenceExpired, LevelTooLow, RequestEnded, RequestExpired, RequestTaken
from ipse.actions.model import Method
from ipse.fallback.errors import CardRefused, FallbackRefused, TooManyTries
from ipse.fallback.http.pages import address_of, browser_of, handle_of, language_for
from ipse.fallback.service.cards import CardProofs
from ipse.fallback.service.visits import PATH
from ipse.standards.strict_json import JsonError, parse_object
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_body
from ipse.web.pages import Pages

log = structlog.get_logger("ipse.fallback")
_MOST_BYTES: Final = 65_536
_NO_STORE: Final = {"Cache-Control": "no-store"}
OURS: Final = ("unknown_person", "evidence", "tries")
REASONS: Final = (
    *("no_extension", "no_native", "no_card", "cancelled", "wrong_pin", "blocked_pin", "card_failed", "no_answer"),
    *("try_later", "again", "revoked", "expired", "not_accepted", "other", *OURS),
)
"""Everything the page may have to say; `other` for what is not here."""


@dataclass(frozen=True)
class CardProofPages:
    """Endpoints."""

    proofs: CardProofs
    pages: Pages

    async def page(self, request: Request) -> Response:
        """`GET …/other/eid_card`: with a fresh nonce for the card."""
        browser = browser_of(request)
        action = await self.proofs.visits.chosen(handle_of(request), browser, Method.EID_CARD)
        return self.pages.render(
            "fallback/card.html",
            language_for(request, action),
            here=f"{PATH}/{action.handle}",
            partner=action.request.partner_name,
            card_nonce=await self.proofs.ask(action, browser),
            reasons=REASONS,
            ours=OURS,
        )

    async def take(self, request: Request) -> Response:
        """`POST …/other/eid_card`: what the card signed, as JSON; the answer says where the page goes."""
        browser = browser_of(request)
        action = await self.proofs.visits.allowed(handle_of(request), browser, Method.EID_CARD)
        nonce, token = await _signed(request)
        address = address_of(request)
        try:
            await self.proofs.visits.admit(address)
            proven = await self.proofs.prove(action, browser, nonce=nonce, token=token)
            await self.proofs.visits.prove(action, browser, proven, address=address)
        except CardRefused as error:
            log.info("card_refused", why=error.why)
            return json_answer({"refused": error.why}, error.status)
        except FallbackRefused as error:
            return json_answer({"refused": "unknown_person"}, error.status)
        except EvidenceExpired as error:
            return json_answer({"refused": "evidence"}, error.status)
        except TooManyTries as error:
            return json_answer({"refused": "tries"}, error.status)
        except (LevelTooLow, RequestEnded, RequestExpired, RequestTaken):
            return json_answer({"to": f"{PATH}/{action.handle}"}, 200)
        return json_answer({"to": f"{PATH}/{action.handle}/other/consent?lang={language_for(request, action)}"}, 200)


async def _signed(request: Request) -> tuple[str, str]:
    try:
        content = parse_object(await read_body(request, most=_MOST_BYTES), max_bytes=_MOST_BYTES, max_depth=4)
    except JsonError as error:
        raise MalformedForm(f"not JSON as it should be: {error}") from error
    nonce, token = content.get("nonce"), content.get("token")
    if not isinstance(nonce, str) or not isinstance(token, str):
        raise MalformedForm("nonce and token are texts")
    return nonce, token


def json_answer(content: dict[str, Any], status: int) -> Response:
    """What a script of ours reads; never kept by anybody."""
    return JSONResponse(content, status, headers=_NO_STORE)
