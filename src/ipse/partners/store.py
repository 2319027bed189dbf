"""Tables `partners_partners`, `partners_services`."""

from __future__ import annotations

import msgspec

from ipse.partners.model import Algorithms, AuthMethod, Partner, Service, ServiceType
from ipse.storage.statement import Row

PARTNER = """
select partner_id, name, state, auth_method, sealed_secret, jwks, algorithms
from partners_partners where partner_id = $1
"""
PARTNERS = """
select partner_id, name, state, auth_method, sealed_secret, jwks, algorithms from partners_partners order by partner_id
"""
SAVE_PARTNER = """
insert into partners_partners (partner_id, name, state, auth_method, sealed_secret, jwks, algorithms, created_at,
  changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
on conflict (partner_id) do update set name = excluded.name, state = excluded.state,
  auth_method = excluded.auth_method, sealed_secret = excluded.sealed_secret, jwks = excluded.jwks,
  algorithms = excluded.algorithms, changed_at = excluded.changed_at
returning partner_id
"""
SET_PARTNER_STATE = """
update partners_partners set state = $2, changed_at = $3 where partner_id = $1 and state <> $2 returning partner_id
"""
SERVICE = """
select code, partner_id, type, state, name, purpose, redirect_uris, contract, pkce_required
from partners_services where code = $1
"""
SERVICES = """
select code, partner_id, type, state, name, purpose, redirect_uris, contract, pkce_required
from partners_services where partner_id = $1 order by code
"""
SAVE_SERVICE = """
insert into partners_services (code, partner_id, type, state, name, purpose, redirect_uris, contract, pkce_required,
  created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
on conflict (code) do update set type = excluded.type, state = excluded.state, name = excluded.name,
  purpose = excluded.purpose, redirect_uris = excluded.redirect_uris, contract = excluded.contract,
  pkce_required = excluded.pkce_required, changed_at = excluded.changed_at
  where partners_services.partner_id = excluded.partner_id
returning code
"""


def read_partner(row: Row) -> Partner:
    """A row as a value; the secret stays sealed."""
    return Partner(
        partner_id=row["partner_id"],
        name=row["name"],
        state=row["state"],
        auth_method=AuthMethod(row["auth_method"]),
        jwks=msgspec.json.decode(row["jwks"]) if row["jwks"] else None,
        algorithms=msgspec.json.decode(row["algorithms"], type=Algorithms),
        sealed_secret=bytes(row["sealed_secret"]) if row["sealed_secret"] else None,
    )


def read_service(row: Row) -> Service:
    """A row as a value."""
    return Service(
        code=row["code"],
        partner_id=row["partner_id"],
        type=ServiceType(row["type"]),
        state=row["state"],
        name=msgspec.json.decode(row["name"]),
        purpose=msgspec.json.decode(row["purpose"]),
        redirect_uris=tuple(msgspec.json.decode(row["redirect_uris"])),
        contract=msgspec.json.decode(row["contract"]),
        pkce_required=bool(row["pkce_required"]),
    )
