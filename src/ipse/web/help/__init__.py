"""The public help centre: one page of answers, for everybody, on the scheme's own address and on the status page.

It is drawn from `incidents.json` as docs/reference/status-files.md describes it, so that it reads the same wherever it
is served, also when the scheme is down. Start with `HelpPage`; pages need the package `ipse.web.help`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.clock import SECOND
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

PATH: Final = "/help"
PACKAGE: Final = "ipse.web.help"
WAYS: Final = ("eid_card", "bank", "passkey", "totp", "sheet")
QUESTIONS: Final = ("reinstall", "lost", "new", "blocked", "code", "sim", "quiet", "delete", "reference")
NEVER: Final = ("code", "approve", "link", "install", "hand", "money")
SIGNS: Final = ("hurry", "calls", "screen")
_MOST: Final = 20
"""Past incidents that the page lists."""
_BREACHES: Final = frozenset({"security", "personal_data", "vulnerability"})


@dataclass(frozen=True)
class HelpPage:
    """`document` gives `incidents.json` as it is now, `in_trouble` whether something fails that nobody told of yet."""

    pages: Pages
    document: Callable[[], Mapping[str, Any]]
    in_trouble: Callable[[], bool] = bool

    def routes(self) -> list[Route]:
        """Its address."""
        return [Route(PATH, self.page, caller=Caller.BROWSER, limit="page")]

    async def page(self, request: Request) -> Response:
        """Answers first; then official channels, scams, questions, and incidents for specialists."""
        document = self.document()
        incidents = [incident for incident in document.get("incidents", ()) if isinstance(incident, Mapping)]
        known = [_moments(incident) for incident in incidents[:_MOST]]
        now = [incident for incident in known if incident["ended_at"] is None]
        told = document.get("help") or {}
        return self.pages.render(
            "help/page.html",
            language_of(request),
            here=PATH,
            open_incidents=now,
            incidents=known,
            breach=any(incident["kind"] in _BREACHES for incident in now),
            trouble=not now and self.in_trouble(),
            names={component["id"]: component["name"] for component in document.get("components", ())},
            channels=_channels(document),
            telephone=told.get("telephone_block", ""),
            status_address=told.get("status_address", ""),
            ways=WAYS,
            questions=QUESTIONS,
            never=NEVER,
            signs=SIGNS,
        )


def _channels(document: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """What the operator named, then our own addresses."""
    told = document.get("help") or {}
    own = (
        ("website", document.get("address", "")),
        ("app", document.get("app_address", "")),
        ("status", told.get("status_address", "")),
    )
    named = [*told.get("channels", ())]
    values = {channel["value"] for channel in named}
    return [
        *named,
        *({"kind": kind, "value": value, "hours": ""} for kind, value in own if value and value not in values),
    ]


def _moments(incident: Mapping[str, Any]) -> dict[str, Any]:
    """With times as pages write them, in microseconds."""
    ended_at = incident["ended_at"]
    return {
        **incident,
        "started_at": incident["started_at"] * SECOND,
        "ended_at": None if ended_at is None else ended_at * SECOND,
        "updates": [{**update, "at": update["at"] * SECOND} for update in incident["updates"]],
    }
