"""Tables `staff_…`: members, invitations, passkeys, challenges, sessions, and reviews."""

from __future__ import annotations

import msgspec

from ipse.staff.model import Organisation, Passkey, Review, ReviewState
from ipse.storage.statement import Row

ADD = """
insert into staff_members (member_id, organisation, organisation_id, roles, sealed_about, email_index, user_handle,
  state, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, 'invited', $8, $8)
"""
MEMBER = """
select member_id, organisation, organisation_id, roles, sealed_about, user_handle, state, created_at
from staff_members where member_id = $1
"""
MEMBERS = """
select member_id, organisation, organisation_id, roles, sealed_about, user_handle, state, created_at
from staff_members where organisation = $1 and organisation_id = $2 and state <> 'removed' order by created_at
"""
BY_EMAIL = """
select member_id, organisation, organisation_id, roles, sealed_about, user_handle, state, created_at
from staff_members where organisation = $1 and organisation_id = $2 and email_index = $3 and state <> 'removed'
"""
EMAIL_INDEX = "select email_index from staff_members where member_id = $1"
# Taken before anything that depends on the member: whoever removes them waits, or was first.
HOLD_ACTIVE = """
update staff_members set state = state where member_id = $1 and state = 'active'
returning member_id, roles, email_index
"""
HOLD = "update staff_members set state = state where member_id = $1 and state <> 'removed' returning roles"
JOINED = """
update staff_members set state = 'active', changed_at = $2 where member_id = $1 and state in ('invited', 'active')
returning member_id
"""
SET_ROLES = """
update staff_members set roles = $2, changed_at = $3 where member_id = $1 and state <> 'removed' returning state
"""
SET_ABOUT = """
update staff_members set sealed_about = $2, changed_at = $3 where member_id = $1 and state <> 'removed'
returning member_id
"""
# What is left says who did what in the audit log, without name and address.
REMOVE = """
update staff_members set state = 'removed', sealed_about = null, email_index = null, changed_at = $2
where member_id = $1 and state <> 'removed'
returning organisation, organisation_id
"""

INVITE = """
insert into staff_invitations (ticket_hash, member_id, created_at, expires_at) values ($1, $2, $3, $4)
"""
WITHDRAW_INVITATIONS = """
delete from staff_invitations where member_id = $1 and used_at is null returning ticket_hash
"""
INVITATION = "select member_id from staff_invitations where ticket_hash = $1 and used_at is null and expires_at > $2"
TAKE_INVITATION = """
update staff_invitations set used_at = $2 where ticket_hash = $1 and used_at is null and expires_at > $2
returning member_id
"""
OPEN_INVITATIONS = """
select member_id, max(expires_at) as expires_at from staff_invitations where used_at is null and expires_at > $1
group by member_id
"""
FORGET_INVITATIONS = "delete from staff_invitations where expires_at <= $1 returning member_id"

ADD_PASSKEY = """
insert into staff_passkeys (passkey_id, member_id, credential_id, public_key, sign_count, made_at)
values ($1, $2, $3, $4, $5, $6)
"""
PASSKEYS = """
select passkey_id, member_id, credential_id, public_key, sign_count, made_at, used_at
from staff_passkeys where member_id = $1 and removed_at is null order by made_at
"""
PASSKEY = """
select k.passkey_id, k.member_id, k.credential_id, k.public_key, k.sign_count, k.made_at, k.used_at, m.user_handle
from staff_passkeys k join staff_members m on m.member_id = k.member_id
where k.credential_id = $1 and k.removed_at is null and m.state = 'active'
"""
# A counter that did not move is a copy (WebAuthn §6.1.1); passkeys that never count stay at nothing.
USE_PASSKEY = """
update staff_passkeys set sign_count = $2, used_at = $3
where passkey_id = $1 and removed_at is null and (sign_count < $2 or (sign_count = 0 and $2 = 0))
returning member_id
"""
# Never the last one: a member without any could not come back.
REMOVE_PASSKEY = """
update staff_passkeys set removed_at = $3
where passkey_id = $1 and member_id = $2 and removed_at is null
  and exists (select 1 from staff_passkeys other
    where other.member_id = $2 and other.passkey_id <> $1 and other.removed_at is null)
returning passkey_id
"""
REMOVE_PASSKEYS = """
update staff_passkeys set removed_at = $2 where member_id = $1 and removed_at is null returning passkey_id
"""
# Of removed ones too: who had another one yesterday is not known for long.
NEWEST_PASSKEY = "select max(made_at) as made_at from staff_passkeys where member_id = $1"

ASK = "insert into staff_challenges (challenge_hash, browser_hash, created_at) values ($1, $2, $3)"
ANSWERED = """
delete from staff_challenges where challenge_hash = $1 and browser_hash = $2 and created_at > $3
returning challenge_hash
"""
FORGET_CHALLENGES = "delete from staff_challenges where created_at <= $1 returning challenge_hash"

BEGIN = """
insert into staff_sessions (session_hash, member_id, created_at, seen_at, expires_at) values ($1, $2, $3, $3, $4)
"""
CURRENT = """
select s.created_at as begun_at, s.seen_at, m.member_id, m.organisation, m.organisation_id, m.roles, m.sealed_about,
  m.user_handle, m.state, m.created_at
from staff_sessions s join staff_members m on m.member_id = s.member_id
where s.session_hash = $1 and s.expires_at > $2 and s.seen_at > $3 and m.state = 'active'
"""
SEEN = "update staff_sessions set seen_at = $2 where session_hash = $1 and seen_at < $2 returning member_id"
FRESH = "select member_id from staff_sessions where session_hash = $1 and created_at > $2"
END = "delete from staff_sessions where session_hash = $1 returning member_id"
END_ALL = "delete from staff_sessions where member_id = $1 returning session_hash"
END_OTHERS = "delete from staff_sessions where member_id = $1 and session_hash <> $2 returning session_hash"
FORGET_SESSIONS = "delete from staff_sessions where expires_at <= $1 or seen_at <= $2 returning member_id"

_REVIEW = """
select review_id, kind, subject, parameters, reason, asked_by, organisation, organisation_id, asked_at, expires_at,
  state, decided_by, decided_at, answer
from staff_reviews
"""
# One of a kind about one thing (of acts on several parts of it: one for each part), and not many from outside.
ASK_REVIEW = """
insert into staff_reviews (review_id, kind, subject, parameters, reason, asked_by, organisation, organisation_id,
  asked_at, expires_at, state)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting'
where not exists (select 1 from staff_reviews same
    where same.kind = $2 and same.subject = $3 and same.organisation = $7 and same.organisation_id = $8
      and same.state = 'waiting' and same.expires_at > $9 and ($11 = 'one' or same.parameters = $4))
  and ($7 = 'scheme' or $12 > (select count(*) from staff_reviews other
    where other.organisation = $7 and other.organisation_id = $8 and other.state = 'waiting' and other.expires_at > $9))
returning review_id
"""
REVIEW = _REVIEW + "where review_id = $1"
WAITING = _REVIEW + "where state = 'waiting' and expires_at > $1 order by asked_at limit 500"
DECIDED = _REVIEW + "where state <> 'waiting' and asked_at < $1 order by asked_at desc limit 100"
OF_SUBJECT = _REVIEW + "where kind = $1 and subject = $2 order by asked_at desc limit 50"
OF_ORGANISATION = _REVIEW + "where organisation = $1 and organisation_id = $2 order by asked_at desc limit 100"
DECIDE = """
update staff_reviews set state = $3, decided_by = $2, decided_at = $4, answer = $5
where review_id = $1 and state = 'waiting' and asked_by <> $2 and expires_at > $4
returning review_id
"""
WITHDRAW = """
update staff_reviews set state = 'withdrawn', decided_by = $2, decided_at = $3
where review_id = $1 and state = 'waiting' and asked_by = $2
returning review_id
"""
EXPIRE = """
update staff_reviews set state = 'expired', decided_at = expires_at where state = 'waiting' and expires_at <= $1
returning review_id, kind, subject
"""


def read_passkey(row: Row, *, handle: bytes = b"") -> Passkey:
    """A row as a value."""
    return Passkey(
        passkey_id=row["passkey_id"],
        member_id=row["member_id"],
        credential_id=row["credential_id"],
        public_key=bytes(row["public_key"]),
        sign_count=row["sign_count"],
        user_handle=handle,
        made_at=row["made_at"],
        used_at=row["used_at"],
    )


def read_review(row: Row) -> Review:
    """A row as a value."""
    return Review(
        review_id=row["review_id"],
        kind=row["kind"],
        subject=row["subject"],
        parameters=msgspec.json.decode(row["parameters"]),
        reason=row["reason"],
        asked_by=row["asked_by"],
        organisation=Organisation(row["organisation"]),
        organisation_id=row["organisation_id"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        state=ReviewState(row["state"]),
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        answer=row["answer"],
    )
