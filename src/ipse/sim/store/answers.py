"""Table `sim_answers`, and counts of what an operator answers for."""

from __future__ import annotations

from typing import Final

ADD: Final = """
insert into sim_answers (operator_id, hour, word, times, microseconds, slowest) values ($1, $2, $3, $4, $5, $6)
on conflict (operator_id, hour, word) do update set times = sim_answers.times + excluded.times,
  microseconds = sim_answers.microseconds + excluded.microseconds,
  slowest = case when excluded.slowest > sim_answers.slowest then excluded.slowest else sim_answers.slowest end
"""
SINCE: Final = """
select hour, word, times, microseconds, slowest from sim_answers where operator_id = $1 and hour >= $2
order by hour desc, word
"""
FORGET: Final = "delete from sim_answers where hour < $1 returning operator_id"
WATCHED: Final = "select count(*) as numbers from sim_watches where operator_id = $1"
SUBSCRIBED: Final = """
select state, count(*) as times from sim_subscriptions where operator_id = $1 group by state order by state
"""
