"""Tables `csc_accounts`, `csc_rounds`, `csc_pushed`."""

from __future__ import annotations

from ipse.csc.model import Round, Scope, Version
from ipse.storage.statement import Row

ACCOUNT = "select account_id from csc_accounts where partner_id = $1 and name_index = $2"
# Whom the partner means is decided once; only a name whose person is gone can mean somebody else.
BIND = """
insert into csc_accounts (partner_id, name_index, account_id, bound_at) values ($1, $2, $3, $4)
on conflict (partner_id, name_index) do update set account_id = excluded.account_id, bound_at = excluded.bound_at
  where csc_accounts.account_id in (excluded.account_id, $5)
returning account_id
"""
CREATE = """
insert into csc_rounds (round_id, partner_id, service_code, version, scope, account_id, action_id, sealed_asked,
  created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_SELECT = """
select round_id, partner_id, service_code, version, scope, account_id, action_id, sealed_asked, code_until,
  redeemed_at, created_at
from csc_rounds
"""
BY_ID = _SELECT + "where round_id = $1"
BY_CODE = _SELECT + "where code_hash = $1 and partner_id = $2"
# The same code again for a browser whose answer was lost; its time runs from the first.
GIVE_CODE = """
update csc_rounds set code_hash = $2, code_until = $3 where round_id = $1 and code_hash is null returning round_id
"""
REDEEM = """
update csc_rounds set redeemed_at = $2, account_id = $3
where round_id = $1 and redeemed_at is null and code_until > $2
returning round_id
"""
SPEND = "update csc_rounds set redeemed_at = $2 where round_id = $1 and redeemed_at is null returning round_id"
DELETE_OLD = "delete from csc_rounds where created_at < $1 returning round_id"
PUSH = """
insert into csc_pushed (reference_hash, partner_id, sealed_parameters, expires_at) values ($1, $2, $3, $4)
"""
# The first browser that opens it has it.
OPEN = """
update csc_pushed set browser_hash = $3
where reference_hash = $1 and partner_id = $2 and expires_at > $4 and (browser_hash is null or browser_hash = $3)
returning sealed_parameters
"""
BINDINGS = "select partner_id, count(*) as names from csc_accounts where account_id = $1 group by partner_id"
UNBIND = "delete from csc_accounts where account_id = $1 and partner_id = $2 returning bound_at"
SPEND_OF = """
update csc_rounds set redeemed_at = coalesce(redeemed_at, $3) where account_id = $1 and partner_id = $2
returning round_id
"""
COPY_ACCOUNTS = """
select partner_id, account_id, bound_at from csc_accounts where account_id = $1 order by bound_at, partner_id
"""
COPY_ROUNDS = """
select round_id, partner_id, service_code, version, scope, account_id, action_id, code_until, redeemed_at, created_at
from csc_rounds where account_id = $1 order by created_at, round_id
"""
FORGET_ACCOUNTS = "delete from csc_accounts where account_id = $1 returning partner_id"
FORGET_ROUNDS = "delete from csc_rounds where account_id = $1 returning round_id"
FORGET_PUSHED = "delete from csc_pushed where expires_at < $1 returning reference_hash"


def read_round(row: Row) -> Round:
    """A row as a value."""
    return Round(
        round_id=row["round_id"],
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        version=Version(row["version"]),
        scope=Scope(row["scope"]),
        account_id=row["account_id"],
        action_id=row["action_id"],
        sealed_asked=bytes(row["sealed_asked"]),
        code_until=row["code_until"],
        redeemed_at=row["redeemed_at"],
        created_at=row["created_at"],
    )
