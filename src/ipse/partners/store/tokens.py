"""Table `partners_tokens`: access tokens of partners themselves."""

from __future__ import annotations

from ipse.partners.model import PartnerToken
from ipse.storage.statement import Row

ISSUE = """
insert into partners_tokens (token_hash, partner_id, scope, binding, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6) returning partner_id
"""
READ = """
select partners_tokens.partner_id, scope, binding, expires_at from partners_tokens
join partners_partners on partners_partners.partner_id = partners_tokens.partner_id
where token_hash = $1 and expires_at > $2 and partners_partners.state = 'active'
"""
REVOKE = """
delete from partners_tokens where token_hash = $1 and partner_id = $2 returning partner_id
"""
FORGET = """
delete from partners_tokens where expires_at <= $1 returning partner_id
"""


def read_token(row: Row) -> PartnerToken:
    """A row as a value."""
    return PartnerToken(row["partner_id"], row["scope"], row["binding"], row["expires_at"])
