"""Tables `notices_notices` and `notices_sendings`."""

from __future__ import annotations

WRITE = """
insert into notices_notices (notice_id, account_id, kind, sealed, state, created_at)
values ($1, $2, $3, $4, 'waiting', $5)
"""
NOTICE = """
select notice_id, account_id, kind, sealed, created_at from notices_notices where notice_id = $1 and state = 'waiting'
"""
WAITING = """
select notice_id from notices_notices where state = 'waiting' and created_at <= $1 order by created_at limit 50
"""
# $3 is no bytes at all, so that addresses that were given up are forgotten; of a duress code it stays what it was.
SETTLE = """
update notices_notices set state = $2, sealed = $3, settled_at = $4 where notice_id = $1 and state = 'waiting'
returning notice_id
"""
# Of several processes one sends. A sending that never ended belongs to a process that stopped; $5 is when that is sure.
TAKE = """
insert into notices_sendings (notice_id, channel, place, state, tries, changed_at)
values ($1, $2, $3, 'sending', 1, $4)
on conflict (notice_id, channel, place) do update
  set state = 'sending', tries = notices_sendings.tries + 1, changed_at = excluded.changed_at
  where notices_sendings.state = 'failed'
    or (notices_sendings.state = 'sending' and notices_sendings.changed_at < cast($5 as bigint))
returning notice_id
"""
RESULT = """
update notices_sendings set state = $4, changed_at = $5
where notice_id = $1 and channel = $2 and place = $3 and state = 'sending'
returning notice_id
"""
OPEN_SENDINGS = """
select channel, place from notices_sendings where notice_id = $1 and state in ('sending', 'failed')
"""
OF_ACCOUNT = """
select n.notice_id, n.kind, n.sealed, n.created_at, s.channel, s.place, s.state, s.changed_at
from notices_notices n left join notices_sendings s on s.notice_id = n.notice_id
where n.account_id = $1 and n.created_at > $2
order by n.created_at desc, n.notice_id, s.channel, s.place limit 200
"""
# The last word, that the identity is deleted, is still to go out; everything before it is nobody's any more.
FORGET_SENDINGS_OF = """
delete from notices_sendings
where notice_id in (select notice_id from notices_notices where account_id = $1 and kind <> 'deleted')
returning notice_id
"""
FORGET_OF = "delete from notices_notices where account_id = $1 and kind <> 'deleted' returning notice_id"
COPY = """
select notice_id, kind, sealed, state, created_at, settled_at from notices_notices where account_id = $1
order by created_at, notice_id
"""
COPY_SENDINGS = """
select s.notice_id, s.channel, s.place, s.state, s.tries, s.changed_at
from notices_sendings s join notices_notices n on n.notice_id = s.notice_id where n.account_id = $1
order by s.changed_at, s.notice_id, s.channel, s.place
"""
FORGET_SENDINGS = """
delete from notices_sendings
where notice_id in (select notice_id from notices_notices where created_at < $1)
returning notice_id
"""
FORGET = "delete from notices_notices where created_at < $1 returning notice_id"
