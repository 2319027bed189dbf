"""Tables `partner_portal_organisations`, `…_management_keys`, `…_clearances`, `…_alerts`."""

from __future__ import annotations

from ipse.partner_portal.model import ManagementKey, Organisation
from ipse.storage.statement import Row

ADD = """
insert into partner_portal_organisations (organisation_id, name, created_at, joined_at) values ($1, $2, $3, null)
returning organisation_id
"""
READ = """
select organisation_id, name, created_at, joined_at from partner_portal_organisations where organisation_id = $1
"""
RENAME = """
update partner_portal_organisations set name = $2 where organisation_id = $1 returning organisation_id
"""
JOINED = """
update partner_portal_organisations set joined_at = $2 where organisation_id = $1 and joined_at is null
returning organisation_id
"""
FORGET = """
delete from partner_portal_organisations where joined_at is null and created_at < $1 returning organisation_id
"""
ADD_KEY = """
insert into partner_portal_management_keys (key_id, key_hash, organisation_id, name, created_by, created_at)
values ($1, $2, $3, $4, $5, $6) returning key_id
"""
KEYS = """
select key_id, organisation_id, name, created_by, created_at, used_at from partner_portal_management_keys
where organisation_id = $1 and revoked_at is null order by created_at, key_id
"""
KEY = """
select key_id, organisation_id, name, created_by, created_at, used_at from partner_portal_management_keys
where key_hash = $1 and revoked_at is null
"""
USE_KEY = """
update partner_portal_management_keys set used_at = $2 where key_id = $1 returning key_id
"""
REVOKE_KEY = """
update partner_portal_management_keys set revoked_at = $3
where key_id = $1 and organisation_id = $2 and revoked_at is null returning key_id
"""
CLEAR = """
insert into partner_portal_clearances (organisation_id, review_id, cleared_at) values ($1, $2, $3)
on conflict (organisation_id) do update set review_id = excluded.review_id, cleared_at = excluded.cleared_at
returning organisation_id
"""
TELL = """
insert into partner_portal_alerts (organisation_id, told_at) values ($1, $2)
on conflict (organisation_id) do update set told_at = excluded.told_at where partner_portal_alerts.told_at <= $3
returning organisation_id
"""
CLEARED = """
select cleared_at from partner_portal_clearances where organisation_id = $1
"""


def read_organisation(row: Row) -> Organisation:
    """A row as a value."""
    return Organisation(row["organisation_id"], row["name"], row["created_at"], row["joined_at"])


def read_key(row: Row) -> ManagementKey:
    """A row as a value."""
    return ManagementKey(
        row["key_id"], row["organisation_id"], row["name"], row["created_by"], row["created_at"], row["used_at"]
    )
