"""Table `partners_events`."""

from __future__ import annotations

SET = """
insert into partners_events (partner_id, address, changed_at)
select cast($1 as text), cast($2 as text), cast($3 as bigint)
where exists (select 1 from partners_partners where partner_id = $1)
on conflict (partner_id) do update set address = excluded.address, changed_at = excluded.changed_at
returning partner_id
"""
REMOVE = "delete from partners_events where partner_id = $1 returning partner_id"
ADDRESS = "select address from partners_events where partner_id = $1"
