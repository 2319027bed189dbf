"""What waits for a phone, and which browsers came back approved."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from starlette.requests import Request

from ipse.actions.errors import StartedElsewhere, UnknownAction
from ipse.actions.model import OPEN, Action, ActionState
from ipse.actions.service import Actions
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.lab import Lab
from ipse.lab.model import MOST, Begun, OpenRequest, Remembered
from ipse.lab.rules import metadata

SILENT_SECONDS: Final = 20.0
"""How long a request without a page waits for the phone."""
_LOOK_SECONDS: Final = 0.05
_BEGUN: Final = "ipse.lab.begun"
_Key = TypeVar("_Key")
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class LabDesk:
    """The memory of a lab. It is lost when the process ends."""

    switches: Lab
    actions: Actions
    app_origin: str
    clock: Clock
    _begun: OrderedDict[str, Begun] = field(default_factory=OrderedDict)
    _browsers: OrderedDict[bytes, Remembered] = field(default_factory=OrderedDict)
    _moments: OrderedDict[int, int] = field(default_factory=OrderedDict)
    """For approvals of a remembered browser: their moment, and the moment of the login that counts."""

    def metadata(self, advertised: Mapping[str, object]) -> dict[str, object]:
        """The members of the discovery document that say something else in a lab."""
        return metadata(self.switches, advertised)

    def began(self, request: Request, action: Action) -> None:
        """A page was shown for a new request."""
        _keep(self._begun, action.handle, Begun(action.action_id, action.handle))
        noted = request.scope.get(_BEGUN)
        if noted is not None:
            noted.append(action.handle)

    def noting(self, scope: MutableMapping[str, Any]) -> list[str]:
        """A list that gets the handle of the request that `scope` begins."""
        noted: list[str] = []
        scope[_BEGUN] = noted
        return noted

    async def open_requests(self) -> list[OpenRequest]:
        """The requests with a page that nobody has taken yet, the oldest first."""
        found, now = [], self.clock.now()
        for begun in tuple(self._begun.values()):
            view = await self.actions.find(begun.action_id)
            if view.state is not ActionState.WAITING:
                self._begun.pop(begun.handle, None)
                continue
            action = view.action
            frame = self.actions.frame(action, now, drawn=True)
            found.append(
                OpenRequest(
                    handle=begun.handle,
                    client_id=action.partner_id,
                    service=action.service_code,
                    qr=f"{self.app_origin}/#f={frame}",
                    digits=self.actions.digits(action),
                    age=(now - action.created_at) / SECOND,
                )
            )
        return found

    def remembered(self, browser: bytes | None) -> int | None:
        """When the login of a browser was approved; None for one that is not remembered."""
        found = self._browsers.get(browser) if browser else None
        return found.authenticated_at if found else None

    async def came_back(self, handle: str, browser: bytes | None) -> None:
        """A browser has left its page: remember it if a phone approved."""
        approved_at = await self._approved_at(handle, browser)
        if browser and approved_at is not None:
            self._moments.pop(approved_at, None)
            _keep(self._browsers, browser, Remembered(approved_at))

    async def approved(self, handle: str, browser: bytes | None) -> bool:
        """Wait for the phone; the approval then counts as old as the login it continues."""
        until = time.monotonic() + SILENT_SECONDS
        while time.monotonic() < until:
            approved_at = await self._approved_at(handle, browser)
            login = self.remembered(browser)
            if approved_at is not None and login is not None:
                _keep(self._moments, approved_at, login)
                return True
            if not await self._is_open(handle, browser):
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    def authenticated_at(self, approved_at: int) -> int:
        """The moment of the login that an approval of that moment continues."""
        return self._moments.get(approved_at, approved_at)

    async def give_up(self, handle: str, browser: bytes) -> None:
        """Nobody approved a request without a page."""
        await self.actions.cancel(handle, browser)

    async def _approved_at(self, handle: str, browser: bytes | None) -> int | None:
        action = await self._mine(handle, browser)
        decided = action is not None and action.state in {ActionState.APPROVED, ActionState.COLLECTED}
        return action.decided_at if action is not None and decided else None

    async def _is_open(self, handle: str, browser: bytes | None) -> bool:
        action = await self._mine(handle, browser)
        return action is not None and action.state in OPEN

    async def _mine(self, handle: str, browser: bytes | None) -> Action | None:
        try:
            return (await self.actions.for_browser(handle, browser or b"")).action
        except (UnknownAction, StartedElsewhere):
            return None


def _keep(kept: OrderedDict[_Key, _Thing], key: _Key, value: _Thing) -> None:
    kept[key] = value
    while len(kept) > MOST:
        kept.popitem(last=False)
