"""Tables `signing_credentials`, `signing_requests`."""

from __future__ import annotations

_SELECT = """
select credential_id, account_id, phone_id, state, why, algorithm, attested_at, sealed_request, sealed_certificates,
  serial, profile, created_at, changed_at, valid_until
from signing_credentials """

CREDENTIAL = _SELECT + "where credential_id = $1"
LIVING = (
    _SELECT
    + """where account_id = $1 and state in ('active', 'suspended') and valid_until > $2
order by created_at desc limit 1"""
)
OF_ACCOUNT = _SELECT + "where account_id = $1 order by created_at desc limit 100"
UNENDED = _SELECT + "where account_id = $1 and state <> 'ended' order by created_at desc limit 100"
# The same approval again finds its row.
MAKE = """
insert into signing_credentials (credential_id, account_id, phone_id, state, why, algorithm, attested_at,
  sealed_request, profile, created_at, changed_at)
values ($1, $2, $3, 'making', null, $4, $5, $6, $7, $8, $8)
on conflict (credential_id) do nothing
returning credential_id
"""
CERTIFY = """
update signing_credentials set state = 'active', sealed_certificates = $2, serial = $3, valid_until = $4,
  sealed_request = null, changed_at = $5
where credential_id = $1 and state = 'making'
returning credential_id
"""
SUSPEND = """
update signing_credentials set state = 'suspended', why = 'blocked', changed_at = $2
where account_id = $1 and state = 'active'
returning credential_id, serial, profile
"""
END = """
update signing_credentials set state = 'ended', why = $2, sealed_request = null, changed_at = $3
where credential_id = $1 and state <> 'ended'
returning credential_id, serial, profile
"""
# Whose certificate has run out, or whose identity has been blocked for too long.
DUE = """
select credential_id, state from signing_credentials
where (state in ('active', 'suspended') and valid_until < $1) or (state = 'suspended' and changed_at < $2)
  or (state = 'making' and changed_at < $3)
limit 100
"""
COPY = """
select credential_id, phone_id, state, why, algorithm, attested_at, serial, profile, created_at, changed_at,
  valid_until
from signing_credentials where account_id = $1 order by created_at, credential_id
"""
COPY_REQUESTS = """
select action_id, partner_id, phone_id, state, why, sealed_result, created_at, until
from signing_requests where account_id = $1 order by created_at, action_id
"""
FORGET_CREDENTIALS = "delete from signing_credentials where account_id = $1 returning credential_id"

REQUEST = """
select action_id, partner_id, account_id, phone_id, state, why, sealed_result, created_at, until
from signing_requests where action_id = $1
"""
# A claim that came to nothing makes room for the next.
CLAIM = """
insert into signing_requests (action_id, partner_id, account_id, phone_id, state, why, created_at, until)
values ($1, $2, $3, $4, 'claimed', null, $5, $6)
on conflict (action_id) do update set account_id = excluded.account_id, phone_id = excluded.phone_id,
  until = excluded.until
where signing_requests.state = 'claimed'
returning action_id
"""
# Whose approval it was: of two phones that claimed at one moment, the one that lost may have written here last.
CONCLUDE = """
update signing_requests set state = 'concluded', sealed_result = $2, account_id = $3, phone_id = $4
where action_id = $1 and state = 'claimed'
returning action_id
"""
REFUSE = """
update signing_requests set state = 'refused', why = $2
where action_id = $1 and state = 'claimed'
returning action_id
"""
WAITING = """
select action_id, partner_id from signing_requests
where state = 'claimed' and until > $1
order by created_at limit 100
"""
FORGET_REQUESTS = """
delete from signing_requests where until < $1 and (state <> 'concluded' or until < $2) returning action_id
"""
FORGET_REQUESTS_OF = "delete from signing_requests where account_id = $1 returning action_id"
