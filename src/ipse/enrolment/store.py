"""SQL of `enrolment_enrolments`: each step of an enrolment is one conditional statement."""

from __future__ import annotations

CREATE = """
insert into enrolment_enrolments (enrolment_id, phone_id, registrar, state, language, sealed_request, ticket_hash,
  created_at, expires_at, changed_at)
values ($1, $2, $3, 'begun', $4, $5, $6, $7, $8, $7)
returning enrolment_id
"""

# $6 is the oldest moment at which a start address still works.
START = """
update enrolment_enrolments
set state = 'at_registrar', browser_hash = $2, state_hash = $3, sealed_exchange = $4, changed_at = $5
where ticket_hash = $1 and state = 'begun' and created_at > $6 and expires_at > $5
returning enrolment_id, registrar, language, sealed_request
"""

RETURN = """
update enrolment_enrolments set state = 'returned', changed_at = $3
where state_hash = $1 and browser_hash = $2 and state = 'at_registrar' and expires_at > $3
returning enrolment_id, registrar, language, sealed_request, sealed_exchange
"""

KEEP_ANSWER = """
update enrolment_enrolments set sealed_answer = $2, value_hash = $3, identity_index = $4, changed_at = $5
where enrolment_id = $1 and state = 'returned' and value_hash is null and expires_at > $5
returning enrolment_id
"""

# $5 is the oldest moment at which a return's value still works.
PRESENT = """
update enrolment_enrolments set state = 'presented', changed_at = $4
where enrolment_id = $1 and phone_id = $2 and value_hash = $3 and expires_at > $4
  and (state = 'presented' or (state = 'returned' and changed_at > $5))
returning enrolment_id, registrar, language, sealed_request, sealed_answer
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
where state in ('returned', 'presented') and identity_index = (
  select own.identity_index from enrolment_enrolments own
  where own.enrolment_id = $1 and own.phone_id = $2 and own.state = 'presented' and own.expires_at > $3)
returning enrolment_id, registrar, language, sealed_request, sealed_answer
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
where enrolment_id = $1 and state in ('begun', 'at_registrar', 'returned', 'presented')
returning enrolment_id
"""

BY_ID = """
select enrolment_id, phone_id, state, why, language, expires_at from enrolment_enrolments where enrolment_id = $1
"""

BY_STATE_HASH = """
select enrolment_id, state, why, language, browser_hash, sealed_answer, changed_at, expires_at
from enrolment_enrolments where state_hash = $1
"""

BY_VALUE = """
select enrolment_id, phone_id, state, why, language, expires_at from enrolment_enrolments where value_hash = $1
"""

DELETE_OLD = """
delete from enrolment_enrolments where expires_at < $1
returning enrolment_id
"""
