"""SQL of `enrolment_enrolments`: each step of an enrolment is one conditional statement."""

from __future__ import annotations

CREATE = """
insert into enrolment_enrolments (enrolment_id, phone_id, registrar, state, language, sealed_request, ticket_hash,
  created_at, expires_at, changed_at)
values ($1, $2, $3, 'begun', $4, $5, $6, $7, $8, $7)
returning enrolment_id
"""

# A phone renews one thing at a time. $3 is no bytes at all.
END_RENEWALS = """
update enrolment_enrolments
set state = 'ended', why = 'superseded', sealed_request = $3, sealed_answer = null, sealed_exchange = null,
  changed_at = $2
where phone_id = $1 and kind = 'renewal' and state in ('begun', 'at_registrar', 'returned', 'presented')
returning enrolment_id
"""

CREATE_RENEWAL = """
insert into enrolment_enrolments (enrolment_id, phone_id, registrar, kind, state, language, sealed_request, ticket_hash,
  account_id, created_at, expires_at, changed_at)
values ($1, $2, $3, 'renewal', 'begun', $4, $5, $6, $7, $8, $9, $8)
returning enrolment_id
"""

RENEWAL = """
select enrolment_id, kind, account_id, language, sealed_request, sealed_answer
from enrolment_enrolments where enrolment_id = $1 and phone_id = $2 and state = 'presented'
"""

FINISH_RENEWAL = """
update enrolment_enrolments set state = 'finished', changed_at = $3
where enrolment_id = $1 and phone_id = $2 and kind = 'renewal' and state = 'presented' and expires_at > $3
returning enrolment_id, account_id
"""

# $6 is the oldest moment at which a start address still works.
START = """
update enrolment_enrolments
set state = 'at_registrar', browser_hash = $2, state_hash = $3, sealed_exchange = $4, changed_at = $5
where ticket_hash = $1 and state = 'begun' and created_at > $6 and expires_at > $5
returning enrolment_id, registrar, kind, language, sealed_request
"""

RETURN = """
update enrolment_enrolments set state = 'returned', changed_at = $3
where state_hash = $1 and browser_hash = $2 and state = 'at_registrar' and expires_at > $3
returning enrolment_id, registrar, kind, language, sealed_request, sealed_exchange
"""

KEEP_ANSWER = """
update enrolment_enrolments set sealed_answer = $2, value_hash = $3, identity_index = $4, changed_at = $5
where enrolment_id = $1 and state = 'returned' and sealed_answer is null and expires_at > $5
returning enrolment_id
"""

# The number step: what the registrar said is here, the value was not given out yet.
NUMBER = """
select enrolment_id, state, why, language, screen, browser_hash, registrar, value_hash, sealed_request, sealed_answer,
  expires_at
from enrolment_enrolments where enrolment_id = $1
"""

KEEP_NUMBER = """
update enrolment_enrolments set sealed_answer = $2, value_hash = $3, changed_at = $4
where enrolment_id = $1 and state = 'returned' and value_hash is null and sealed_answer is not null
  and expires_at > $4
returning enrolment_id
"""

# $5 is the oldest moment at which a return's value still works.
PRESENT = """
update enrolment_enrolments set state = 'presented', changed_at = $4
where enrolment_id = $1 and phone_id = $2 and value_hash = $3 and expires_at > $4
  and (state = 'presented' or (state = 'returned' and changed_at > $5))
returning enrolment_id, registrar, kind, account_id, language, sealed_request, sealed_answer
"""

# One statement for all enrolments of the person, so that two that finish at the same moment wait for each other in one
# order. $4 is no bytes at all: what was superseded is forgotten.
FINISH = """
update enrolment_enrolments
set state = case when enrolment_id = $1 then 'finished' else 'ended' end,
  why = case when enrolment_id = $1 then null else 'superseded' end,
  sealed_request = case when enrolment_id = $1 then sealed_request else $4 end,
  sealed_answer = case when enrolment_id = $1 then sealed_answer else null end,
  changed_at = $3
where state in ('returned', 'presented', 'waiting') and identity_index = (
  select own.identity_index from enrolment_enrolments own
  where own.enrolment_id = $1 and own.phone_id = $2 and own.state = 'presented' and own.kind = 'activation'
    and own.expires_at > $3)
returning enrolment_id, phone_id, registrar, language, sealed_request, sealed_answer
"""

# The activation waits for the phone that has the identity. $4 is when it is over.
WAIT = """
update enrolment_enrolments set state = 'waiting', account_id = $2, due_at = $3, expires_at = $4, changed_at = $5
where enrolment_id = $1 and state = 'finished'
returning enrolment_id
"""

# Of the job of every process and the phone that asks, one finishes it.
FINISH_WAITING = """
update enrolment_enrolments set state = 'finished', changed_at = $2
where enrolment_id = $1 and state = 'waiting' and due_at <= $2
returning enrolment_id, phone_id, account_id, language, sealed_request, sealed_answer
"""

# $4 is no bytes at all.
STOP_WAITING = """
update enrolment_enrolments
set state = 'ended', why = $2, sealed_request = $4, sealed_answer = null, sealed_exchange = null, changed_at = $3
where enrolment_id = $1 and state = 'waiting'
returning enrolment_id, phone_id, account_id
"""

WAITING_OF_ACCOUNT = """
select enrolment_id, phone_id, registrar, changed_at, due_at from enrolment_enrolments
where account_id = $1 and state = 'waiting' order by changed_at, enrolment_id
"""

WAITING_OF_PHONE = """
select enrolment_id, account_id, due_at from enrolment_enrolments where phone_id = $1 and state = 'waiting'
"""

DUE_WAITING = """
select enrolment_id from enrolment_enrolments where state = 'waiting' and due_at <= $1 order by due_at limit 50
"""

# What was said lives on under the person's key; here it is no longer needed. $3 is no bytes at all.
FORGET = """
update enrolment_enrolments
set account_id = $2, sealed_request = $3, sealed_answer = null, sealed_exchange = null
where enrolment_id = $1
returning enrolment_id
"""

END = """
update enrolment_enrolments
set state = 'ended', why = $2, sealed_request = $4, sealed_answer = null, sealed_exchange = null, changed_at = $3
where enrolment_id = $1 and state in ('begun', 'at_registrar', 'returned', 'presented', 'waiting')
returning enrolment_id
"""

BY_ID = """
select enrolment_id, phone_id, state, why, language, expires_at from enrolment_enrolments where enrolment_id = $1
"""

BY_STATE_HASH = """
select enrolment_id, state, why, language, browser_hash, sealed_answer, value_hash, changed_at, expires_at
from enrolment_enrolments where state_hash = $1
"""

BY_VALUE = """
select enrolment_id, phone_id, state, why, language, expires_at from enrolment_enrolments where value_hash = $1
"""

COPY = """
select enrolment_id, phone_id, registrar, kind, state, why, language, account_id, sealed_request, sealed_answer,
  created_at, expires_at, changed_at, due_at, screen
from enrolment_enrolments where account_id = $1 order by created_at, enrolment_id
"""

DELETE_OF_ACCOUNT = """
delete from enrolment_enrolments where account_id = $1
returning enrolment_id
"""

# What a registrar is told of the enrolments through it: nothing sealed, nobody's account.
OF_REGISTRAR = """
select enrolment_id, kind, state, why, created_at, expires_at, changed_at from enrolment_enrolments
where registrar = $1 and created_at > $2 order by created_at desc limit 5000
"""

DELETE_OLD = """
delete from enrolment_enrolments where expires_at < $1
returning enrolment_id
"""

# -- another number

# $3 is no bytes at all.
END_NUMBERS = """
update enrolment_enrolments
set state = 'ended', why = 'superseded', sealed_request = $3, sealed_answer = null, sealed_exchange = null,
  changed_at = $2
where phone_id = $1 and kind = 'number' and state in ('begun', 'at_registrar', 'returned', 'presented')
returning enrolment_id
"""

CREATE_NUMBER = """
insert into enrolment_enrolments (enrolment_id, phone_id, registrar, kind, state, language, sealed_request, ticket_hash,
  account_id, sealed_answer, created_at, expires_at, changed_at)
values ($1, $2, '', 'number', 'begun', $3, $4, $5, $6, $7, $8, $9, $8)
returning enrolment_id
"""

# No registrar is visited: the number step begins at once.
TO_NUMBER = """
update enrolment_enrolments set state = 'returned', changed_at = $2
where enrolment_id = $1 and kind = 'number' and state = 'at_registrar'
returning enrolment_id
"""

# $4 is no bytes at all.
FINISH_NUMBER = """
update enrolment_enrolments
set state = 'finished', changed_at = $3, sealed_request = $4, sealed_answer = null, sealed_exchange = null
where enrolment_id = $1 and phone_id = $2 and kind = 'number' and state = 'presented' and expires_at > $3
returning enrolment_id, account_id
"""

# -- registrars

ADD_REGISTRAR = """
insert into enrolment_registrars (registrar_id, kind, name, country, issuer, client_id, trust_framework, assurance,
  minors, term_days, per_hour, per_day, hour_began, hour_count, day_began, day_count, limited_at, state, created_at,
  changed_at, changed_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, 0, 0, $13, $14, $14, $15)
on conflict (registrar_id) do nothing
returning registrar_id
"""

CHANGE_REGISTRAR = """
update enrolment_registrars
set kind = $2, name = $3, country = $4, issuer = $5, client_id = $6, trust_framework = $7, assurance = $8, minors = $9,
  term_days = $10, per_hour = $11, per_day = $12, state = $13, changed_at = $14, changed_by = $15
where registrar_id = $1
returning registrar_id
"""

REGISTRAR = """
select registrar_id, kind, name, country, issuer, client_id, trust_framework, assurance, minors, term_days, per_hour,
  per_day, state
from enrolment_registrars where registrar_id = $1
"""

REGISTRARS = """
select registrar_id, kind, name, country, issuer, client_id, trust_framework, assurance, minors, term_days, per_hour,
  per_day, state
from enrolment_registrars order by created_at, registrar_id
"""

# Whoever changes a registrar has its row first, and answers wait for it: what is let in afterwards is let in by the
# new state.
LOCK_REGISTRAR = """
update enrolment_registrars set changed_at = changed_at where registrar_id = $1
returning registrar_id, kind, name, country, issuer, client_id, trust_framework, assurance, minors, term_days, per_hour,
  per_day, state
"""

# One identity more, if the registrar is active and both limits leave room. $3 and $4 are an hour and a day ago: a count
# that began earlier begins anew.
LET_IN = """
update enrolment_registrars
set hour_count = case when hour_began > $3 then hour_count + 1 else 1 end,
  hour_began = case when hour_began > $3 then hour_began else $2 end,
  day_count = case when day_began > $4 then day_count + 1 else 1 end,
  day_began = case when day_began > $4 then day_began else $2 end
where registrar_id = $1 and state = 'active'
  and (hour_began <= $3 or hour_count < per_hour) and (day_began <= $4 or day_count < per_day)
returning registrar_id
"""

# Says that a limit was hit, once an hour: $3 is an hour ago.
NOTE_LIMIT = """
update enrolment_registrars set limited_at = $2 where registrar_id = $1 and limited_at <= $3
returning registrar_id
"""

# A renewal makes no new identity: it only needs a registrar that is active, and stays so until it is kept.
HOLD_ACTIVE = """
update enrolment_registrars set changed_at = changed_at where registrar_id = $1 and state = 'active'
returning registrar_id
"""

# $3 is no bytes at all.
END_OF_REGISTRAR = """
update enrolment_enrolments
set state = 'ended', why = 'registrar_stopped', sealed_request = $3, sealed_answer = null, sealed_exchange = null,
  changed_at = $2
where registrar = $1 and state in ('begun', 'at_registrar', 'returned', 'presented', 'waiting')
returning enrolment_id
"""

# -- cards

GIVE_CODE = """
update enrolment_enrolments set code_hash = $2 where enrolment_id = $1
returning enrolment_id
"""

# $5 is the oldest moment at which a code still works.
START_ELSEWHERE = """
update enrolment_enrolments
set state = 'at_registrar', screen = 'other', browser_hash = $2, state_hash = $3, changed_at = $4
where code_hash = $1 and state = 'begun' and created_at > $5 and expires_at > $4
returning enrolment_id, registrar, kind, language, sealed_request
"""

# A fresh nonce makes the last one worthless.
GIVE_NONCE = """
update enrolment_enrolments set nonce_hash = $3, nonce_at = $4
where state_hash = $1 and browser_hash = $2 and state = 'at_registrar' and expires_at > $4
returning enrolment_id, registrar, kind, language, screen, sealed_request
"""

# $5 is the oldest moment at which a nonce still counts.
TAKE_NONCE = """
update enrolment_enrolments set nonce_hash = null
where state_hash = $1 and browser_hash = $2 and nonce_hash = $3 and nonce_at > $5 and state = 'at_registrar'
  and expires_at > $4
returning enrolment_id, registrar, kind, language, screen, sealed_request
"""

RETURN_CARD = """
update enrolment_enrolments set state = 'returned', changed_at = $2
where enrolment_id = $1 and state = 'at_registrar' and expires_at > $2
returning enrolment_id
"""

CARD_BY_STATE_HASH = """
select enrolment_id, registrar, state, why, language, screen, browser_hash, sealed_answer, value_hash, changed_at,
  expires_at
from enrolment_enrolments where state_hash = $1
"""

# What a moving code of a page names: the answer that it is a proof of.
SHOWN_ELSEWHERE = """
select enrolment_id, phone_id, state, why, language, sealed_answer, changed_at, expires_at
from enrolment_enrolments where enrolment_id = $1 and screen = 'other'
"""
# Enrolments that ended from $1 up to $2.
ENDED = """
select registrar, state, why, count(*) as count from enrolment_enrolments
where changed_at >= $1 and changed_at < $2 and state in ('finished', 'ended')
group by registrar, state, why
"""
