"""Table `actions_actions`: one row from request to token."""

from __future__ import annotations

import msgspec

from ipse.actions.model import FACTS_AT_ONCE, Action, ActionState, Method, Request, RequestTally, Start
from ipse.storage.statement import Row

_COLUMNS = """action_id, handle, frame_id, state, why, kind, partner_id, service_code, request, browser_hash, start,
  account_id, phone_id, subject, shown_digest, sealed_shown, sealed_approval, created_at, expires_at, claimed_at,
  decided_at, sealed_content, addressed_at, token_seconds, token_binding, method"""

_SELECT = """
select action_id, handle, frame_id, state, why, kind, partner_id, service_code, request, browser_hash, start,
  account_id, phone_id, subject, shown_digest, sealed_shown, sealed_approval, created_at, expires_at, claimed_at,
  decided_at, sealed_content, addressed_at, token_seconds, token_binding, method
from actions_actions
"""

BEGIN = """
insert into actions_actions (action_id, handle, frame_id, state, kind, partner_id, service_code, request, browser_hash,
  created_at, expires_at, code_seconds, token_seconds, sealed_content, account_id, addressed_at)
values ($1, $2, $3, 'waiting', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
returning action_id
"""
# What reached one person without a scan or link, over all partners; what they scanned is their own doing.
ADDRESSED = """
select count(*) as recent,
  count(case when state in ('waiting', 'claimed') and expires_at > $3 then 1 end) as pending
from actions_actions where account_id = $1 and addressed_at > $2 and (start is null or start = 'push')
"""
BY_HANDLE = _SELECT + "where handle = $1"
BY_FRAME = _SELECT + "where frame_id = $1"
BY_ID = _SELECT + "where action_id = $1"
BY_RETURN = _SELECT + "where return_hash = $1"
_PLACES = ", ".join(f"${place}" for place in range(1, FACTS_AT_ONCE + 1))
STATES = f"select action_id, state, expires_at from actions_actions where action_id in ({_PLACES})"  # noqa: S608 - $n
EXTEND = """
update actions_actions set expires_at = $3
where handle = $1 and browser_hash = $2 and state in ('waiting', 'claimed') and expires_at > $4 and expires_at < $3
returning action_id
"""
CANCEL = """
update actions_actions set state = 'cancelled', decided_at = $3, sealed_content = null
where handle = $1 and browser_hash = $2 and state in ('waiting', 'claimed')
returning action_id, account_id, kind
"""
CANCEL_BY_ID = """
update actions_actions set state = 'cancelled', decided_at = $2, sealed_content = null
where action_id = $1 and state in ('waiting', 'claimed')
returning action_id, account_id, kind
"""
CLAIM = """
update actions_actions set state = 'claimed', start = $2, account_id = $3, phone_id = $4, shown_digest = $5,
  sealed_shown = $6, claimed_at = $7, subject = $8
where action_id = $1 and state = 'waiting' and expires_at > $7 and (account_id is null or account_id = $3)
returning action_id
"""
END_WAITING = """
update actions_actions set state = 'cancelled', why = $2, decided_at = $3, sealed_content = null
where action_id = $1 and state = 'waiting'
returning action_id
"""
APPROVE = """
update actions_actions set state = 'approved', subject = $3, sealed_approval = $4, return_hash = $5, decided_at = $6,
  expires_at = $7, sealed_content = null, method = $8, why = $9
where action_id = $1 and phone_id = $2 and state = 'claimed' and expires_at > $6
returning action_id
"""
# Without a phone: in the browser that began, for an account whose row the same transaction has updated.
CLAIM_HERE = """
update actions_actions set state = 'claimed', start = 'fallback', account_id = $3, method = $4, shown_digest = $5,
  sealed_shown = $6, claimed_at = $7
where action_id = $1 and browser_hash = $2 and state = 'waiting' and expires_at > $7
  and (account_id is null or account_id = $3)
returning action_id
"""
APPROVE_HERE = """
update actions_actions set state = 'approved', subject = $4, sealed_approval = $5, decided_at = $6, expires_at = $7,
  sealed_content = null
where action_id = $1 and browser_hash = $2 and account_id = $3 and start = 'fallback' and state = 'claimed'
  and expires_at > $6
returning action_id
"""
REJECT_HERE = """
update actions_actions set state = 'rejected', why = 'declined', sealed_approval = $3, decided_at = $4,
  sealed_content = null
where action_id = $1 and browser_hash = $2 and start = 'fallback' and state = 'claimed' and expires_at > $4
returning action_id
"""
# When this person refused what this partner had sent them, wrong digits included, newest first.
REFUSED_AT = """
select decided_at from actions_actions
where account_id = $1 and partner_id = $2 and decided_at > $3 and addressed_at is not null
  and (state = 'rejected' or why = 'wrong_digits') and (start is null or start = 'push')
order by decided_at desc limit 20
"""
# A number was typed on the page of a request that waits for anybody.
TYPED = """
update actions_actions set request = $3
where handle = $1 and browser_hash = $2 and state = 'waiting' and start is null and account_id is null
  and expires_at > $4
returning action_id
"""
# $4 is 'send' or 'withhold': either way the statement is run.
SEND_TYPED = """
update actions_actions set account_id = $2, addressed_at = $3
where action_id = $1 and state = 'waiting' and start is null and account_id is null and expires_at > $3
  and $4 = 'send'
returning action_id
"""
# What was addressed to a person can be refused unopened.
REJECT = """
update actions_actions set state = 'rejected', why = $3, sealed_approval = $4, decided_at = $5, sealed_content = null,
  start = coalesce(start, 'push')
where action_id = $1 and expires_at > $5
  and ((state = 'claimed' and phone_id = $2) or (state = 'waiting' and account_id = $6))
returning action_id
"""
# A code that a block has taken away is not given again.
COLLECT = (
    """
update actions_actions set state = case when why in ('withheld', 'fault') then state else 'collected' end,
  code_hash = case when why in ('withheld', 'fault') then code_hash else $3 end,
  code_expires_at = coalesce(code_expires_at, cast($4 as bigint) + code_seconds * 1000000)
where handle = $1 and browser_hash = $2 and start in ('qr', 'push', 'fallback') and redeemed_at is null
  and expires_at > $4
  and (state = 'approved' or (state = 'collected' and code_hash is not null))
returning """
    + _COLUMNS
)
COLLECT_RETURN = (
    """
update actions_actions set state = case when why in ('withheld', 'fault') then state else 'collected' end,
  code_hash = case when why in ('withheld', 'fault') then code_hash else $3 end,
  code_expires_at = cast($4 as bigint) + code_seconds * 1000000
where return_hash = $1 and browser_hash = $2 and state = 'approved' and expires_at > $4
returning """
    + _COLUMNS
)
REDEEM = (
    """
update actions_actions set redeemed_at = $3, token_hash = $4, token_binding = $5,
  token_expires_at = cast($3 as bigint) + token_seconds * 1000000
where code_hash = $1 and partner_id = $2 and state = 'collected' and redeemed_at is null and code_expires_at > $3
returning """
    + _COLUMNS
)
# For partners that wait themselves: no browser carries a code. An approval by link is finished by its browser alone.
REDEEM_ACTION = (
    """
update actions_actions set state = case when why in ('withheld', 'fault') then state else 'collected' end,
  redeemed_at = case when why in ('withheld', 'fault') then redeemed_at else $3 end,
  token_hash = case when why in ('withheld', 'fault') then token_hash else $4 end, token_binding = $5,
  token_expires_at = cast($3 as bigint) + token_seconds * 1000000
where action_id = $1 and partner_id = $2 and state = 'approved' and start <> 'link' and expires_at > $3
returning """
    + _COLUMNS
)
END_DISCOVERY = """
update actions_actions set state = 'collected', decided_at = $2
where action_id = $1 and kind = 'discovery' and state = 'claimed' and expires_at > $2
returning account_id
"""
# Whose it was is kept: it stands in their history.
REFUSE_LEVEL = """
update actions_actions set state = 'rejected', why = 'level', decided_at = $2, sealed_content = null,
  account_id = coalesce(account_id, $3)
where action_id = $1 and state = 'waiting'
returning action_id
"""
USED_AGAIN = """
update actions_actions set token_hash = null
where code_hash = $1 and partner_id = $2 and redeemed_at is not null
returning action_id
"""
BY_TOKEN = _SELECT + "where token_hash = $1 and token_expires_at > $2 and state = 'collected'"
REVOKE_TOKEN = """
update actions_actions set token_hash = null where token_hash = $1 and partner_id = $2 returning action_id
"""
REVOKE_ALL = """
update actions_actions set code_hash = null, token_hash = null, return_hash = null,
  sealed_content = null, state = case when state = 'collected' then state else 'revoked' end
where account_id = $1
  and (state in ('waiting', 'claimed', 'approved') or code_hash is not null or token_hash is not null)
returning action_id
"""
# After a duress code: what was given out is taken away, what would be given ends as a fault of ours. What nobody has
# decided stays open, so that the phone looks as always.
WITHHOLD_ALL = """
update actions_actions set code_hash = null, token_hash = null,
  why = case when state = 'collected' then why else 'withheld' end
where account_id = $1
  and (state in ('waiting', 'claimed', 'approved') or code_hash is not null or token_hash is not null)
returning action_id
"""
# From the first fault on everybody who asks is told the same.
FAULT = """
update actions_actions set why = 'fault', state = 'approved', redeemed_at = null, code_hash = null, token_hash = null
where action_id = $1 and state in ('approved', 'collected')
returning action_id
"""
REVOKE_CLAIMED = """
update actions_actions set state = 'revoked', decided_at = $2, sealed_content = null
where account_id = $1 and state in ('waiting', 'claimed')
returning action_id
"""
OPEN_OF_PHONE = (
    _SELECT
    + """where account_id = $1 and kind <> 'discovery' and expires_at > $3
  and (state = 'waiting' or (state = 'claimed' and phone_id = $2))
order by created_at desc limit 20"""
)
HISTORY = (
    _SELECT
    + """where account_id = $1 and kind <> 'discovery' and created_at < $2
  and (state not in ('waiting', 'claimed') or expires_at <= $3)
order by created_at desc limit $4"""
)
# The same with what a person looks for: a period, a partner, a kind, an outcome; empty: all. $2 and $3 are where the
# last page ended, $4 is now.
SEARCH = (
    _SELECT
    + """where account_id = $1 and kind <> 'discovery'
  and (created_at < $2 or (created_at = $2 and action_id < $3))
  and (state not in ('waiting', 'claimed') or expires_at <= $4)
  and created_at >= $5 and created_at < $6
  and ($7 = '' or partner_id = $7) and ($8 = '' or kind = $8)
  and ($9 = ''
    or ($9 = 'approved' and state in ('approved', 'collected'))
    or ($9 = 'not_started' and state = 'rejected' and why = 'not_started')
    or ($9 = 'rejected' and state = 'rejected'
      and coalesce(why, '') not in ('not_started', 'level', 'risk', 'impossible'))
    or ($9 = 'failed' and (state = 'revoked' or (state = 'rejected' and why in ('level', 'risk', 'impossible'))))
    or ($9 = 'cancelled' and state = 'cancelled')
    or ($9 = 'expired' and state in ('expired', 'waiting', 'claimed')))
order by created_at desc, action_id desc limit $10"""
)
OF_PERSON = _SELECT + "where action_id = $1 and account_id = $2"
PARTNERS = """
select partner_id, kind, count(*) as requests, max(created_at) as last_at from actions_actions
where account_id = $1 and kind <> 'discovery' group by partner_id, kind
"""
# What has reached a partner, newest first.
GIVEN = (
    _SELECT
    + """where account_id = $1 and state = 'collected' and kind <> 'discovery' and sealed_shown is not null
  and sealed_approval is not null
order by decided_at desc limit $2"""
)
LIVING_TOKENS = """
select partner_id, count(*) as tokens from actions_actions
where account_id = $1 and token_hash is not null and token_expires_at > $2 group by partner_id
"""
# What a partner holds to read with, or can still get; what is open goes on.
WITHDRAW = """
update actions_actions set code_hash = null, token_hash = null, return_hash = null,
  state = case when state = 'approved' then 'revoked' else state end
where account_id = $1 and partner_id = $2 and (state = 'approved' or code_hash is not null or token_hash is not null)
returning action_id
"""
WITHDRAW_ONE = """
update actions_actions set code_hash = null, token_hash = null, return_hash = null,
  state = case when state in ('approved', 'waiting', 'claimed') then 'revoked' else state end
where action_id = $1 and account_id = $2
returning action_id, partner_id
"""
# All of a person's, for their copy, oldest first, page by page.
COPIES = """
select action_id, state, why, kind, partner_id, service_code, request, start, phone_id, subject, shown_digest,
  sealed_shown, sealed_approval, redeemed_at, token_expires_at, created_at, expires_at, claimed_at, decided_at,
  addressed_at, method
from actions_actions where account_id = $1 and (created_at > $2 or (created_at = $2 and action_id > $3))
order by created_at, action_id limit $4
"""
# A person is gone: that a partner asked, when, and the digest of what was approved. Nothing that says who or what.
MINIMISE = """
update actions_actions set request = $2, sealed_shown = null, sealed_approval = null, sealed_content = null,
  phone_id = null, code_hash = null, token_hash = null, return_hash = null
where account_id = $1
returning action_id
"""
FORGET_OF = "delete from actions_actions where account_id = $1 returning action_id"
REFUSE_RISK = REFUSE_LEVEL.replace("'level'", "'risk'")
REFUSE_IMPOSSIBLE = REFUSE_LEVEL.replace("'level'", "'impossible'")
EXPIRE = """
update actions_actions set state = 'expired', decided_at = expires_at, sealed_content = null
where state in ('waiting', 'claimed') and expires_at < $1
returning action_id, kind
"""
# What became of requests, for figures. A claim that is over counts as expired before a job has marked it.
TALLIES = """
select partner_id, service_code, kind, outcome, method, count(*) as times,
  cast(coalesce(sum(took), 0) as bigint) as microseconds,
  count(case when took <= 5000000 then 1 end) as within_5, count(case when took <= 10000000 then 1 end) as within_10,
  count(case when took <= 20000000 then 1 end) as within_20, count(case when took <= 30000000 then 1 end) as within_30,
  count(case when took <= 60000000 then 1 end) as within_60, count(case when took <= 120000000 then 1 end) as within_120
from (
  select partner_id, service_code, kind,
    case when why = 'fault' then 'failed'
      when state in ('approved', 'collected') then 'approved'
      when state = 'revoked' or (state = 'rejected' and why in ('level', 'risk', 'impossible')) then 'stopped'
      when state in ('waiting', 'claimed') and expires_at <= $3 then 'expired'
      when state in ('waiting', 'claimed') then 'open'
      else state end as outcome,
    case when state in ('approved', 'collected') then coalesce(method, 'code') else '' end as method,
    case when state in ('approved', 'collected') then decided_at - created_at end as took
  from actions_actions where created_at >= $1 and created_at < $2 and kind <> 'discovery'
) ended
group by partner_id, service_code, kind, outcome, method
"""
EARLIEST = "select min(created_at) as earliest from actions_actions"
# Of the accounts after $1 up to $2, so that one statement never looks at everybody.
ACTIVE_PEOPLE = """
select count(distinct account_id) as active from actions_actions
where account_id > $1 and account_id <= $2 and created_at > $3 and state in ('approved', 'collected')
  and kind <> 'discovery' and partner_id <> $4
"""
# Requests that ended from $1 up to $2, those of one partner left out.
ENDED = """
select kind, state, why, case when claimed_at is null then 0 else 1 end as claimed, count(redeemed_at) as redeemed,
  count(*) as count
from actions_actions where decided_at >= $1 and decided_at < $2 and partner_id <> $3
group by kind, state, why, case when claimed_at is null then 0 else 1 end
"""
DELETE_UNCLAIMED = "delete from actions_actions where account_id is null and expires_at < $1 returning action_id"
# Of the synthetic login, which begins a request every few seconds: as text, so that the index of its own serves.
DELETE_SYNTHETIC = """
delete from actions_actions where partner_id = 'ipse-probe' and created_at < $1 returning action_id
"""

_request = msgspec.json.Decoder(Request)
_WITHIN = ("within_5", "within_10", "within_20", "within_30", "within_60", "within_120")


def read_action(row: Row) -> Action:
    """A row as a value."""
    return Action(
        action_id=row["action_id"],
        handle=row["handle"],
        frame_id=row["frame_id"],
        state=ActionState(row["state"]),
        why=row["why"],
        kind=row["kind"],
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        request=_request.decode(row["request"]),
        browser_hash=row["browser_hash"],
        start=Start(row["start"]) if row["start"] else None,
        account_id=row["account_id"],
        phone_id=row["phone_id"],
        subject=row["subject"],
        shown_digest=row["shown_digest"],
        sealed_shown=row["sealed_shown"],
        sealed_approval=row["sealed_approval"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        claimed_at=row["claimed_at"],
        decided_at=row["decided_at"],
        sealed_content=row["sealed_content"],
        addressed_at=row["addressed_at"],
        token_seconds=row["token_seconds"],
        token_binding=row["token_binding"] or "",
        method=Method(row["method"]) if row["method"] else None,
    )


def read_tally(row: Row) -> RequestTally:
    """A row of `TALLIES` as a value."""
    return RequestTally(
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        kind=row["kind"],
        outcome=row["outcome"],
        method=row["method"],
        times=row["times"],
        microseconds=row["microseconds"],
        within=tuple(row[name] for name in _WITHIN),
    )
