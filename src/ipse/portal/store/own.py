"""Tables `portal_openings`, `portal_reports`."""

from __future__ import annotations

OPEN = """
insert into portal_openings (browser_hash, account_id, until) values ($1, $2, $3)
on conflict (browser_hash, account_id) do update set until = excluded.until
returning account_id
"""
IS_OPEN = "select until from portal_openings where browser_hash = $1 and account_id = $2 and until > $3"
CLOSE = "delete from portal_openings where account_id = $1 returning account_id"
FORGET_OPENINGS = "delete from portal_openings where until <= $1 returning account_id"
COPY_OPENINGS = "select account_id, until from portal_openings where account_id = $1 order by until"

REPORT = """
insert into portal_reports (action_id, account_id, at) values ($1, $2, $3)
on conflict (action_id) do nothing
returning action_id
"""
REPORTS = "select action_id, at from portal_reports where account_id = $1 order by at"
REPORTED = "select at from portal_reports where action_id = $1 and account_id = $2"
FORGET_REPORTS = "delete from portal_reports where account_id = $1 returning action_id"
