"""Table `partners_grants`: who allowed a service to ask for a protected attribute, why, and until when."""

from __future__ import annotations

from ipse.partners.model import Grant
from ipse.storage.statement import Row, Statement

SAVE = """
insert into partners_grants (grant_id, service_code, attribute, ground, purpose, approver, starts_at, ends_at,
  recorded_by, recorded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning grant_id
"""
OF_SERVICE = """
select grant_id, service_code, attribute, ground, purpose, approver, starts_at, ends_at, recorded_by, recorded_at,
  revoked_at
from partners_grants where service_code = $1 order by recorded_at, grant_id
"""
REVOKE = """
update partners_grants set revoked_at = $2 where grant_id = $1 and revoked_at is null
returning service_code, attribute
"""
REVOKE_OF_SERVICE = """
update partners_grants set revoked_at = $2 where service_code = $1 and revoked_at is null returning grant_id
"""


def saving(grant: Grant) -> Statement:
    """The statement that writes a grant."""
    values = (
        grant.grant_id, grant.service_code, grant.attribute, grant.ground, grant.purpose, grant.approver,
        grant.starts_at, grant.ends_at, grant.recorded_by, grant.recorded_at,
    )  # fmt: skip
    return Statement(SAVE, values)


def read_grant(row: Row) -> Grant:
    """A row as a value."""
    return Grant(
        grant_id=row["grant_id"],
        service_code=row["service_code"],
        attribute=row["attribute"],
        ground=row["ground"],
        purpose=row["purpose"],
        approver=row["approver"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
        revoked_at=row["revoked_at"],
    )
