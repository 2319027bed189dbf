"""Tables `csc_tokens`, `csc_given`."""

from __future__ import annotations

from ipse.csc.model import Scope, Token, Version
from ipse.storage.statement import Row

ISSUE = """
insert into csc_tokens (token_hash, round_id, partner_id, version, scope, account_id, credential_id, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
BY_HASH = """
select round_id, partner_id, version, scope, account_id, credential_id, expires_at, revoked_at
from csc_tokens where token_hash = $1
"""
REVOKE = """
update csc_tokens set revoked_at = $3 where token_hash = $1 and partner_id = $2 and revoked_at is null
returning token_hash
"""
REVOKE_OF_ROUND = (
    "update csc_tokens set revoked_at = $2 where round_id = $1 and revoked_at is null returning token_hash"
)
# Takes the token's row, so that a revocation and this cannot both have been first.
HOLD = """
update csc_tokens set expires_at = expires_at
where token_hash = $1 and revoked_at is null and expires_at > $2
returning token_hash
"""
GIVEN = "select position from csc_given where round_id = $1"
GIVE = """
insert into csc_given (round_id, position, given_at) values ($1, $2, $3)
on conflict (round_id, position) do nothing
returning position
"""
REVOKE_OF = """
update csc_tokens set revoked_at = $3 where account_id = $1 and partner_id = $2 and revoked_at is null
returning round_id
"""
COPY = """
select round_id, partner_id, version, scope, account_id, credential_id, expires_at, revoked_at from csc_tokens
where account_id = $1 order by expires_at, round_id
"""
FORGET = "delete from csc_tokens where account_id = $1 returning round_id"
DELETE_OLD = "delete from csc_tokens where expires_at < $1 returning token_hash"
DELETE_OLD_GIVEN = "delete from csc_given where given_at < $1 returning position"


def read_token(row: Row) -> Token:
    """A row as a value."""
    return Token(
        round_id=row["round_id"],
        partner_id=row["partner_id"],
        version=Version(row["version"]),
        scope=Scope(row["scope"]),
        account_id=row["account_id"],
        credential_id=row["credential_id"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
