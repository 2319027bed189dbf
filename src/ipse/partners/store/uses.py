"""Table `partners_uses`: when each key of a partner was last used."""

from __future__ import annotations

from ipse.partners.model import KeyUse
from ipse.storage.statement import Row

NOTE = """
insert into partners_uses (partner_id, kid, used_at, legacy_at) values ($1, $2, $3, $4)
on conflict (partner_id, kid) do update set
  used_at = case when excluded.used_at > partners_uses.used_at then excluded.used_at else partners_uses.used_at end,
  legacy_at = case when excluded.legacy_at > partners_uses.legacy_at then excluded.legacy_at
    else partners_uses.legacy_at end
returning partner_id
"""
OF_PARTNER = """
select kid, used_at, legacy_at from partners_uses where partner_id = $1 order by kid
"""


def read_use(row: Row) -> KeyUse:
    """A row as a value."""
    return KeyUse(kid=row["kid"], used_at=row["used_at"], legacy_at=row["legacy_at"])
