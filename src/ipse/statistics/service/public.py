"""The public page's figures: whole days, made once and kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from ipse.kernel.clock import SECOND, Clock, day
from ipse.statistics import store
from ipse.statistics.model import Grain, Published, Sources
from ipse.statistics.rules import public, spans
from ipse.storage.database import Database

KEPT_SECONDS: Final = 300
_BEFORE_DAYS: Final = 460
"""How far back numbers of people are looked up: the months that are told, and a month for a day that is missing."""
_YEAR: Final = 365 * spans.DAY


@dataclass
class PublicFigures:
    """Makes what everybody may see. Where only what is over is told, two looks do not tell who came between them."""

    database: Database
    clock: Clock
    sources: Sources
    adults: int
    smallest: int
    whole_days: bool
    """Whether today is left out, and of totals this month; only where persons are test persons it need not be."""
    _kept: Published | None = None
    _kept_at: int = 0
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def now(self) -> Published:
        """The figures, at most five minutes old; made by one reader while the others wait."""
        async with self._making:
            now = self.clock.now()
            if self._kept is None or not 0 <= now - self._kept_at < KEPT_SECONDS * SECOND:
                self._kept, self._kept_at = public.published(await self._gathered(now)), now
            return self._kept

    async def _gathered(self, now: int) -> public.Gathered:
        until = day(now) - timedelta(days=1 if self.whole_days else 0)
        end = spans.start_of(until + timedelta(days=1))
        closed = public.end_of_month(until) if self.whole_days else until
        since, closing = spans.start_of(public.first_day(closed)), spans.start_of(closed + timedelta(days=1))
        year = spans.start_of(spans.months_before(closed.replace(day=1), 11)) if self.whole_days else closing - _YEAR
        samples: dict[str, dict[date, int]] = {}
        for row in await self.database.rows(store.SAMPLES, end - _BEFORE_DAYS * spans.DAY, end):
            samples.setdefault(row["name"], {})[day(row["day"])] = row["amount"]
        by_day = await self.database.rows(store.BY_TIME, Grain.DAY, since, closing)
        by_service = await self.database.rows(store.OF_ALL, Grain.DAY, year, closing)
        return public.Gathered(
            until=until,
            closed=closed,
            samples=samples,
            by_day=[(row["at"], store.read_tally(row)) for row in by_day],
            by_service=[store.read_tally(row) for row in by_service],
            services=[one for one in await self.sources.services() if one.partner_id not in self.sources.without],
            adults=self.adults,
            smallest=self.smallest,
        )
