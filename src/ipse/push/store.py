"""Tables `push_subscriptions`, `push_keys`."""

from __future__ import annotations

KEEP = """
insert into push_subscriptions (phone_id, account_id, sealed, created_at) values ($1, $2, $3, $4)
on conflict (phone_id) do update set account_id = excluded.account_id, sealed = excluded.sealed,
  created_at = excluded.created_at
returning phone_id
"""
OF_ACCOUNT = "select phone_id, sealed from push_subscriptions where account_id = $1 order by created_at desc limit 4"
COPY = "select phone_id, sealed, created_at from push_subscriptions where account_id = $1 order by created_at, phone_id"
FORGET = "delete from push_subscriptions where phone_id = $1 returning phone_id"
FORGET_ACCOUNT = "delete from push_subscriptions where account_id = $1 returning phone_id"
KEY = "select sealed from push_keys where name = $1"
MAKE_KEY = """
insert into push_keys (name, sealed, made_at) values ($1, $2, $3) on conflict (name) do nothing returning name
"""
