"""Table `dss_visits`."""

from __future__ import annotations

from ipse.dss.model import Kind, Visit
from ipse.storage.statement import Row

_SELECT = """
select visit_id, kind, partner_id, service_code, sealed_asked, browser_hash, action_id, created_at, expires_at
from dss_visits
"""
BEGIN = """
insert into dss_visits (visit_id, kind, partner_id, service_code, sealed_asked, reference_hash, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
returning visit_id
"""
BY_ID = _SELECT + "where visit_id = $1 and partner_id = $2"
BY_REFERENCE = _SELECT + "where reference_hash = $1"
# The first browser that opens the address has the visit.
OPEN = """
update dss_visits set browser_hash = $2, action_id = $3
where reference_hash = $1 and action_id is null and expires_at > $4
returning visit_id
"""
DELETE_OLD = "delete from dss_visits where created_at < $1 returning visit_id"


def read_visit(row: Row) -> Visit:
    """A row as a value."""
    return Visit(
        visit_id=row["visit_id"],
        kind=Kind(row["kind"]),
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        sealed_asked=row["sealed_asked"],
        browser_hash=row["browser_hash"],
        action_id=row["action_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
