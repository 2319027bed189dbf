"""Tables `fraud_buckets`, `fraud_browsers`, `fraud_starts`, `fraud_flags`."""

from __future__ import annotations

from ipse.fraud.model import Flag, NumberStart
from ipse.storage.statement import Row

# $2 now, $3 what one costs, $4 what fits in (microseconds). No row: the bucket is empty and nothing was taken.
TAKE = """
insert into fraud_buckets (bucket, full_at) values ($1, cast($2 as bigint) + cast($3 as bigint))
on conflict (bucket) do update set full_at =
  case when fraud_buckets.full_at > cast($2 as bigint) then fraud_buckets.full_at else cast($2 as bigint) end
  + cast($3 as bigint)
  where case when fraud_buckets.full_at > cast($2 as bigint) then fraud_buckets.full_at else cast($2 as bigint) end
  + cast($3 as bigint) <= cast($2 as bigint) + cast($4 as bigint)
returning bucket
"""
FORGET_BUCKETS = "delete from fraud_buckets where full_at < $1 returning bucket"

TRUST = """
insert into fraud_browsers (browser_id, token_hash, account_id, sealed_about, created_at, used_at, expires_at)
values ($1, $2, $3, $4, $5, $5, $6)
on conflict (token_hash, account_id) do update set browser_id = excluded.browser_id,
  sealed_about = excluded.sealed_about, created_at = excluded.created_at, used_at = excluded.used_at,
  expires_at = excluded.expires_at
returning browser_id
"""
TRUSTED = """
select account_id from fraud_browsers where token_hash = $1 and account_id = $2 and expires_at > $3
"""
USED = """
update fraud_browsers set used_at = $3 where token_hash = $1 and account_id = $2 returning browser_id
"""
BROWSERS = """
select browser_id, sealed_about, created_at, used_at, expires_at
from fraud_browsers where account_id = $1 and expires_at > $2 order by used_at desc, browser_id limit 100
"""
FORGET_BROWSER = "delete from fraud_browsers where account_id = $1 and browser_id = $2 returning browser_id"
FORGET_TOKEN = "delete from fraud_browsers where account_id = $1 and token_hash = $2 returning browser_id"
FORGET_BROWSERS = "delete from fraud_browsers where account_id = $1 returning browser_id"
FORGET_EXPIRED = "delete from fraud_browsers where expires_at < $1 returning browser_id"

# Somebody may mistype: the last number counts, as long as nothing was sent and there were few.
ASK = """
insert into fraud_starts (action_id, account_id, token_hash, tries, asked_at) values ($1, $2, $3, 1, $4)
on conflict (action_id) do update set account_id = excluded.account_id, token_hash = excluded.token_hash,
  tries = fraud_starts.tries + 1, asked_at = excluded.asked_at, sent_at = null
  where fraud_starts.tries < 3
returning action_id
"""
SEND = """
update fraud_starts set sent_at = $2 where action_id = $1 and sent_at is null returning account_id, token_hash
"""
START = "select account_id, token_hash from fraud_starts where action_id = $1"
COPY_BROWSERS = """
select browser_id, sealed_about, created_at, used_at, expires_at from fraud_browsers where account_id = $1
order by created_at, browser_id
"""
COPY_STARTS = """
select action_id, account_id, tries, asked_at, sent_at from fraud_starts where account_id = $1
order by asked_at, action_id
"""
FORGET_STARTS_OF = "delete from fraud_starts where account_id = $1 returning action_id"
FORGET_STARTS = "delete from fraud_starts where asked_at < $1 returning action_id"

# $4 one report, $5 now in microseconds, $6 the half-life in seconds; `rules.decay` in SQL.
REPORT = """
insert into fraud_flags (kind, name, partner_id, weight, reports, first_at, changed_at)
values ($1, $2, $3, $4, 1, $5, $5)
on conflict (kind, name) do update set weight = cast($4 as bigint) + case
    when (excluded.changed_at - fraud_flags.changed_at) / 1000000 / cast($6 as bigint) > 40
      or excluded.changed_at < fraud_flags.changed_at then 0
    else (fraud_flags.weight >> cast((excluded.changed_at - fraud_flags.changed_at) / 1000000 / cast($6 as bigint)
        as integer))
      * (2 * cast($6 as bigint) - ((excluded.changed_at - fraud_flags.changed_at) / 1000000) % cast($6 as bigint))
      / (2 * cast($6 as bigint)) end,
  reports = fraud_flags.reports + 1, changed_at = excluded.changed_at
returning weight
"""
_FLAG = "select kind, name, partner_id, weight, reports, first_at, changed_at from fraud_flags "
FLAG = _FLAG + "where kind = $1 and name = $2"
RECENT_PAIRS = _FLAG + "where kind = 'pair' and changed_at > $1 order by changed_at desc limit 1000"
FLAGS = _FLAG + "order by changed_at desc, kind, name limit 1000"
FORGET_FLAGS = "delete from fraud_flags where changed_at < $1 returning name"


def read_flag(row: Row, weight: int) -> Flag:
    """A row as a value, with what is left of its weight in thousandths."""
    return Flag(
        kind=row["kind"],
        name=row["name"],
        partner_id=row["partner_id"],
        weight=weight / 1000,
        reports=row["reports"],
        first_at=row["first_at"],
        changed_at=row["changed_at"],
    )


def read_start(row: Row) -> NumberStart:
    """A row as a value."""
    return NumberStart(row["account_id"], bytes(row["token_hash"]))
