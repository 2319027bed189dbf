"""Looking, for all waiters of a process together, whether somebody missed a wake-up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from ipse.actions.model import FACTS_AT_ONCE, Action
from ipse.actions.service import Actions
from ipse.actions.service.requests import wake_key
from ipse.storage.wakeups import Wakeups

LOOK_SECONDS = 5.0
"""Every waiting action is looked at this often: wake-ups are fast but may be lost."""

log = structlog.get_logger("ipse.signin")


class Watched:
    """One waiter's knowledge of its action."""

    __slots__ = ("fact",)

    def __init__(self, action: Action) -> None:
        self.fact = (action.state.value, action.expires_at)

    def know(self, action: Action) -> None:
        """This is what the waiter has seen by now."""
        self.fact = (action.state.value, action.expires_at)


class Lookout:
    """One task for all waiters, as long as there are any.

    It reads states of many actions in one statement, spread over `LOOK_SECONDS`, and rings for those that changed:
    2,000 waiting browsers cost about a dozen small statements a second.
    """

    def __init__(self, actions: Actions, wakeups: Wakeups) -> None:
        self._actions = actions
        self._wakeups = wakeups
        self._watched: dict[str, list[Watched]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, action: Action) -> Iterator[Watched]:
        """Look after one waiter for as long as the context lasts."""
        mine = Watched(action)
        self._watched.setdefault(action.action_id, []).append(mine)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._look())
        try:
            yield mine
        finally:
            others = self._watched[action.action_id]
            others.remove(mine)
            if not others:
                del self._watched[action.action_id]
            if not self._watched:
                self._task.cancel()

    async def _look(self) -> None:
        while not self._wakeups.closing:
            everybody = list(self._watched)
            groups = [everybody[start : start + FACTS_AT_ONCE] for start in range(0, len(everybody), FACTS_AT_ONCE)]
            for group in groups:
                await asyncio.sleep(LOOK_SECONDS / len(groups))
                await self._look_at(group)

    async def _look_at(self, group: Sequence[str]) -> None:
        try:
            found = await self._actions.facts(group)
        except Exception as error:  # noqa: BLE001 - the database may be away for a moment; the next look comes
            log.warning("lookout.failed", error=type(error).__name__)
            return
        self._wakeups.ring(
            wake_key(action_id)
            for action_id in group
            if any(waiter.fact != found.get(action_id) for waiter in self._watched.get(action_id, ()))
        )
