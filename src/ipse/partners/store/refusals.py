"""Table `partners_refusals`: why requests were refused."""

from __future__ import annotations

from ipse.partners.model import Refusal
from ipse.storage.statement import Row

NOTE = """
insert into partners_refusals (refusal_id, partner_id, at, service_code, endpoint, check_name, error, description,
  source, kid, times, reference)
select cast($1 as text), partner_id, cast($3 as bigint), cast($4 as text), cast($5 as text), cast($6 as text),
  cast($7 as text), cast($8 as text), cast($9 as text), cast($10 as text), cast($11 as bigint), cast($12 as text)
from partners_partners where partner_id = $2
returning refusal_id
"""
TRIM = """
delete from partners_refusals where partner_id = $1 and refusal_id not in (
  select refusal_id from partners_refusals where partner_id = $1 order by at desc, refusal_id limit $2
) returning refusal_id
"""
NEWEST = """
select at, partner_id, service_code, endpoint, check_name, error, description, source, kid, times, reference
from partners_refusals where partner_id = $1 and at > $2 order by at desc, refusal_id limit $3
"""
BY_REFERENCE = """
select at, partner_id, service_code, endpoint, check_name, error, description, source, kid, times, reference
from partners_refusals where partner_id = $1 and reference = $2 order by at desc, refusal_id limit 10
"""
FOUND = """
select at, partner_id, service_code, endpoint, check_name, error, description, source, kid, times, reference
from partners_refusals where reference = $1 order by at desc, refusal_id limit 10
"""
TALLIES = """
select partner_id, service_code, cast(sum(times) as bigint) as times from partners_refusals
where at >= $1 and at < $2 group by partner_id, service_code
"""
# Refusals from $1 up to $2, by error code; those of one partner left out.
COUNTED = """
select error, sum(times) as count from partners_refusals where at >= $1 and at < $2 and partner_id <> $3 group by error
"""
FORGET = """
delete from partners_refusals where at < $1 returning refusal_id
"""


def read_refusal(row: Row) -> Refusal:
    """A row as a value."""
    return Refusal(
        at=row["at"],
        partner_id=row["partner_id"],
        service_code=row["service_code"],
        endpoint=row["endpoint"],
        check=row["check_name"],
        error=row["error"],
        description=row["description"],
        source=row["source"],
        kid=row["kid"],
        times=row["times"],
        reference=row["reference"],
    )
