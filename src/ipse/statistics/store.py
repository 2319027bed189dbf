"""Tables `statistics_counts`, `statistics_samples` and `statistics_turns`."""

from __future__ import annotations

from ipse.statistics.model import Tally
from ipse.storage.statement import Row, Statement

_WITHIN = ("within_5", "within_10", "within_20", "within_30", "within_60", "within_120")
_SUMS = """cast(sum(times) as bigint) as times, cast(sum(microseconds) as bigint) as microseconds,
  cast(sum(within_5) as bigint) as within_5, cast(sum(within_10) as bigint) as within_10,
  cast(sum(within_20) as bigint) as within_20, cast(sum(within_30) as bigint) as within_30,
  cast(sum(within_60) as bigint) as within_60, cast(sum(within_120) as bigint) as within_120"""

TURN = "select until from statistics_turns where name = $1"
FIRST_TURN = "insert into statistics_turns (name, until) values ($1, $2) on conflict (name) do nothing returning name"
# One process takes the turn: the others find another `until`.
TAKE_TURN = "update statistics_turns set until = $3 where name = $1 and until = $2 returning name"
ADD = """
insert into statistics_counts (partner_id, grain, at, service_code, kind, outcome, method, times, microseconds,
  within_5, within_10, within_20, within_30, within_60, within_120)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (partner_id, grain, at, service_code, kind, outcome, method) do update set
  times = statistics_counts.times + excluded.times,
  microseconds = statistics_counts.microseconds + excluded.microseconds,
  within_5 = statistics_counts.within_5 + excluded.within_5,
  within_10 = statistics_counts.within_10 + excluded.within_10,
  within_20 = statistics_counts.within_20 + excluded.within_20,
  within_30 = statistics_counts.within_30 + excluded.within_30,
  within_60 = statistics_counts.within_60 + excluded.within_60,
  within_120 = statistics_counts.within_120 + excluded.within_120
returning partner_id
"""
FORGET = "delete from statistics_counts where grain = $1 and at < $2 returning partner_id"
OF_PARTNER = (
    "select partner_id, service_code, kind, outcome, method, at, "
    + _SUMS
    + """
from statistics_counts where partner_id = $1 and grain = $2 and at >= $3 and at < $4
group by partner_id, service_code, kind, outcome, method, at order by at
"""
)
OF_ALL = (
    "select partner_id, service_code, kind, outcome, method, "
    + _SUMS
    + """
from statistics_counts where grain = $1 and at >= $2 and at < $3
group by partner_id, service_code, kind, outcome, method
"""
)
BY_TIME = (
    "select '' as partner_id, '' as service_code, kind, outcome, method, at, "
    + _SUMS
    + """
from statistics_counts where grain = $1 and at >= $2 and at < $3
group by at, kind, outcome, method order by at
"""
)
SAMPLE = """
insert into statistics_samples (name, day, amount) values ($1, $2, $3)
on conflict (name, day) do update set amount = excluded.amount
returning name
"""
SAMPLES = "select name, day, amount from statistics_samples where day >= $1 and day < $2 order by day"
NEWEST_SAMPLE = "select amount from statistics_samples where name = $1 order by day desc limit 1"


def adding(grain: str, at: int, tally: Tally) -> Statement:
    """The statement that adds a tally to its hour or day."""
    values = (
        tally.partner_id, grain, at, tally.service_code, tally.kind, tally.outcome, tally.method, tally.times,
        tally.microseconds, *tally.within,
    )  # fmt: skip
    return Statement(ADD, values)


def read_tally(row: Row) -> Tally:
    """A row as a value."""
    return Tally(
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        kind=row["kind"],
        outcome=row["outcome"],
        method=row["method"],
        times=row["times"],
        microseconds=row["microseconds"],
        within=tuple(row[name] for name in _WITHIN),
    )
