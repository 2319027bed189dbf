"""A telephone with a keypad: the menu of a telephone service in which people dial the code of an emergency sheet.

What a menu would say is shown. The whole call travels in the form, so that it works without scripts and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ipse.sandbox.sight import Sight
from ipse.web.errors import MalformedForm
from ipse.web.forms import read_form

NUMBER: Final = "0800 55 510"
"""What people dial in the sandbox; printed on its sheets."""
_KEYS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")
_LANGUAGES: Final = {"1": "nl", "2": "fr", "3": "de", "4": "en"}
_DIGITS: Final = 14
_MOST_TRIES: Final = 3
_PROMPTS: Final[Mapping[str, str]] = {
    "": "Voor Nederlands, druk 1. Pour le français, appuyez sur 2. Für Deutsch drücken Sie 3. For English, press 4.",
    "nl": "Om uw identiteit te blokkeren, toets de veertien cijfers van uw noodblad in en eindig met het hekje.",
    "fr": "Pour bloquer votre identité, composez les quatorze chiffres de votre fiche d’urgence et terminez par dièse.",
    "de": "Um Ihre Identität zu sperren, geben Sie die vierzehn Ziffern Ihres Notfallblatts ein und drücken Sie Raute.",
    "en": "To block your identity, dial the fourteen digits of your emergency sheet and end with the hash key.",
}
_AWAY: Final = "We cannot reach the service now. Block your identity on the website, or call again in a minute."


@dataclass(frozen=True, slots=True)
class Call:
    """A call so far."""

    language: str = ""
    dialled: str = ""
    tries: int = 0
    said: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class TelephonePages:
    """`/telephone/`."""

    scheme: str
    token: str
    http: httpx.AsyncClient
    sight: Sight

    def routes(self) -> list[BaseRoute]:
        """The keypad, and a key that is pressed."""
        return [Route("/telephone/", self.keypad), Route("/telephone/", self.press, methods=["POST"])]

    async def keypad(self, _request: Request) -> Response:
        """A call that begins."""
        return self._page(Call())

    async def press(self, request: Request) -> Response:
        """One key, or all digits at once from the field for those who type."""
        try:
            fields = await read_form(request, most=2048)
        except MalformedForm as error:
            return Response(str(error), 400, media_type="text/plain")
        call = Call(
            language=fields.get("language", "") if fields.get("language") in _PROMPTS else "",
            dialled="".join(digit for digit in fields.get("dialled", "") if digit.isdigit())[:_DIGITS],
            tries=min(int(fields["tries"]), _MOST_TRIES) if fields.get("tries", "").isdecimal() else 0,
        )
        return self._page(await self._after(call, fields.get("key", "")))

    async def _after(self, call: Call, key: str) -> Call:
        if key not in _KEYS:
            return call
        if not call.language:
            return Call(language=_LANGUAGES.get(key, ""))
        if key == "*":
            return Call(call.language, "", call.tries)
        if key != "#":
            return Call(call.language, (call.dialled + key)[:_DIGITS], call.tries)
        told = await self._report(call)
        again = told["outcome"] == "mistyped" and call.tries + 1 < _MOST_TRIES
        return Call(call.language, "", call.tries + 1, told["say"], over=not again)

    async def _report(self, call: Call) -> dict[str, Any]:
        body = {"digits": call.dialled, "line": "keypad", "language": call.language}
        try:
            answer = await self.http.post(
                f"{self.scheme}/v1/telephone/panic", json=body, headers={"Authorization": f"Bearer {self.token}"}
            )
            if answer.status_code == httpx.codes.OK:
                return msgspec.json.decode(answer.content, type=dict[str, str])
        except (httpx.HTTPError, msgspec.DecodeError):
            pass
        return {"outcome": "away", "say": _AWAY}

    def _page(self, call: Call) -> Response:
        prompt = call.said or _PROMPTS[call.language]
        return self.sight.page(
            "telephone/keypad.html", call=call, prompt=prompt, keys=_KEYS, number=NUMBER, spoken=call.language or "nl"
        )
