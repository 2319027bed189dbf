"""Whether an incident is significant: Implementing Regulation (EU) 2024/2690 art. 14, criterion by criterion (B-71).

Planned maintenance, announced before it began, counts nowhere. Limits are "more than": exactly as much is not crossed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ipse.incidents.model import Extent, Impact, Incident, Kind, Maintenance, Population, Threshold
from ipse.incidents.rules.periods import UNAVAILABLE, Period, periods_of, planned, weeks_of, within, without
from ipse.kernel.clock import SECOND

_MINUTE: Final = 60 * SECOND
OUTAGE_MINUTES: Final = 20
WEEK_MINUTES: Final = 60
LIMITED_MOST: Final = 200_000
"""People or partners for whom the service is limited; or one in a hundred, if that is fewer."""
COMPROMISED_MOST: Final = 100
"""People or partners whose data is hit; or one in a thousand, if that is fewer."""
_LIMITED_SHARE, _COMPROMISED_SHARE = 100, 1000


def thresholds(
    incident: Incident,
    *,
    others: Iterable[Incident] = (),
    maintenance: Iterable[Maintenance] = (),
    population: Population,
    now: int,
) -> tuple[Threshold, ...]:
    """Every criterion of the article, measured as of `now`; `others` are incidents that may share a week with it."""
    windows = planned(maintenance)
    extent = incident.extent
    return (
        _complete(incident, windows, now),
        _weekly(incident, others, windows, now),
        _share("c", "limited", extent.limited_people, extent.limited_partners, extent, population),
        Threshold(
            letter="d",
            measured="1" if extent.physical_breach else "0",
            limit="> 0",
            crossed=extent.physical_breach,
        ),
        _share("e", "compromised", extent.compromised_people, extent.compromised_partners, extent, population),
    )


def is_significant(incident: Incident, measured: Iterable[Threshold]) -> bool:
    """Whether it must be told of: a criterion is crossed, or nobody knows yet how many a breach reaches.

    Duties run from the moment somebody knows of the incident, not from the moment it has been counted.
    """
    breach = incident.kind in {Kind.SECURITY, Kind.PERSONAL_DATA}
    unknown = incident.extent.compromised_people is None and incident.extent.compromised_partners is None
    return (breach and unknown) or any(each.crossed for each in measured)


def _complete(incident: Incident, windows: Sequence[Period], now: int) -> Threshold:
    longest = max((without(each, windows) for each in periods_of(incident, (Impact.FULL,), now=now)), default=0)
    return Threshold(
        letter="a",
        measured=f"{longest / _MINUTE:.1f} min",
        limit=f"> {OUTAGE_MINUTES} min",
        crossed=longest > OUTAGE_MINUTES * _MINUTE,
    )


def _weekly(incident: Incident, others: Iterable[Incident], windows: Sequence[Period], now: int) -> Threshold:
    own = periods_of(incident, UNAVAILABLE, now=now)
    every = _merged([*own, *(each for other in others for each in periods_of(other, UNAVAILABLE, now=now))])
    worst = 0
    for week in {week for period in own for week in weeks_of(period)}:
        inside = sum(without(within(each, week), windows) for each in every if within(each, week).length)
        worst = max(worst, inside)
    return Threshold(
        letter="b",
        measured=f"{worst / _MINUTE:.1f} min",
        limit=f"> {WEEK_MINUTES} min",
        crossed=worst > WEEK_MINUTES * _MINUTE,
    )


def _merged(periods: list[Period]) -> list[Period]:
    """Two incidents at once are one time in which it did not work."""
    found: list[Period] = []
    for each in sorted(periods):
        if found and each.begins <= found[-1].ends:
            found[-1] = Period(found[-1].begins, max(found[-1].ends, each.ends))
        else:
            found.append(each)
    return found


def _share(
    letter: str, what: str, people: int | None, partners: int | None, extent: Extent, population: Population
) -> Threshold:
    share, most = (_LIMITED_SHARE, LIMITED_MOST) if what == "limited" else (_COMPROMISED_SHARE, COMPROMISED_MOST)
    of_people = population.people if extent.people is None else extent.people
    of_partners = population.partners if extent.partners is None else extent.partners

    def over(count: int | None, of: int) -> bool:
        # Whole numbers: count > min(of / share, most).
        return count is not None and count * share > min(of, most * share)

    percent = f"{100 / share:g} %"
    return Threshold(
        letter=letter,
        measured=f"{_counted(people, of_people)} · {_counted(partners, of_partners)}",
        limit=f"> {percent} | > {most}",
        crossed=over(people, of_people) or over(partners, of_partners),
    )


def _counted(count: int | None, of: int) -> str:
    return f"{'?' if count is None else count} / {of}"
