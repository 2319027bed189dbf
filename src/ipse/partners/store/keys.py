"""Table `partners_fetched_keys`: the last good key set of each `jwks_uri`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ipse.storage.statement import Row

FETCHED = """
select jwks, asked_at, fetched_at, fresh_until from partners_fetched_keys where partner_id = $1 and jwks_uri = $2
"""
# Whoever gets a row may fetch. What came from another address is forgotten.
ASK = """
insert into partners_fetched_keys (partner_id, jwks_uri, asked_at, jwks, fetched_at, fresh_until)
values ($1, $2, $3, null, 0, 0)
on conflict (partner_id) do update set asked_at = excluded.asked_at, jwks_uri = excluded.jwks_uri,
  jwks = case when partners_fetched_keys.jwks_uri = excluded.jwks_uri then partners_fetched_keys.jwks end,
  fetched_at = case when partners_fetched_keys.jwks_uri = excluded.jwks_uri then partners_fetched_keys.fetched_at
    else 0 end,
  fresh_until = case when partners_fetched_keys.jwks_uri = excluded.jwks_uri then partners_fetched_keys.fresh_until
    else 0 end
  where partners_fetched_keys.asked_at <= $4 or partners_fetched_keys.asked_at > excluded.asked_at
    or partners_fetched_keys.jwks_uri <> excluded.jwks_uri
returning partner_id
"""
KEEP = """
insert into partners_fetched_keys (partner_id, jwks_uri, asked_at, jwks, fetched_at, fresh_until)
values ($1, $2, $3, $4, $3, $5)
on conflict (partner_id) do update set jwks_uri = excluded.jwks_uri, asked_at = excluded.asked_at,
  jwks = excluded.jwks, fetched_at = excluded.fetched_at, fresh_until = excluded.fresh_until
returning partner_id
"""


class FetchedKeys(NamedTuple):
    """A key set as fetched, and until when it counts. Microseconds UTC."""

    jwks: Mapping[str, Any] | None
    asked_at: int
    fetched_at: int
    fresh_until: int


def read_fetched(row: Row) -> FetchedKeys:
    """A row as a value."""
    jwks = msgspec.json.decode(row["jwks"]) if row["jwks"] else None
    return FetchedKeys(jwks, row["asked_at"], row["fetched_at"], row["fresh_until"])
