"""Table `sessions_sessions`."""

from __future__ import annotations

# The action counts once, whatever its code may have done.
BEGIN = """
insert into sessions_sessions (session_hash, account_id, action_id, level, created_at, seen_at, expires_at)
values ($1, $2, $3, $4, $5, $5, $6)
"""
CURRENT = """
select account_id, level, created_at, seen_at, expires_at from sessions_sessions
where session_hash = $1 and expires_at > $2 and seen_at > $3
"""
SEEN = "update sessions_sessions set seen_at = $2 where session_hash = $1 and seen_at < $2 returning session_hash"
END = "delete from sessions_sessions where session_hash = $1 returning account_id"
END_ALL = "delete from sessions_sessions where account_id = $1 returning action_id"
# The others of a person, or one of them, by the sign-in that began it.
END_ONE = "delete from sessions_sessions where account_id = $1 and action_id = $2 returning action_id"
OF_ACCOUNT = """
select action_id, level, created_at, seen_at, expires_at, session_hash from sessions_sessions
where account_id = $1 and expires_at > $2 and seen_at > $3 order by seen_at desc, action_id
"""
COPY = """
select action_id, level, created_at, seen_at, expires_at from sessions_sessions where account_id = $1
order by created_at
"""
FORGET = "delete from sessions_sessions where expires_at <= $1 or seen_at <= $2 returning action_id"
