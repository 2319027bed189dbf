"""Tables `partners_partners`, `partners_services`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ipse.partners.model import Algorithms, AuthMethod, Partner, Preset, Service, ServiceType
from ipse.storage.statement import Row, Statement

PARTNER = """
select partner_id, name, state, auth_method, sealed_secret, jwks, algorithms, jwks_uri, tls_subject, contacts, logo,
  preset, broker, registered_by, counterpart, sector
from partners_partners where partner_id = $1
"""
PARTNERS = """
select partner_id, name, state, auth_method, sealed_secret, jwks, algorithms, jwks_uri, tls_subject, contacts, logo,
  preset, broker, registered_by, counterpart, sector
from partners_partners order by partner_id
"""
# Taken before what was read is compared and written: whoever stops a partner waits, or was first.
HOLD_PARTNER = """
update partners_partners set state = state where partner_id = $1
returning partner_id, name, state, auth_method, sealed_secret, jwks, algorithms, jwks_uri, tls_subject, contacts, logo,
  preset, broker, registered_by, counterpart, sector
"""
_ADDING_PARTNER = """
insert into partners_partners (partner_id, name, state, auth_method, sealed_secret, jwks, algorithms, jwks_uri,
  tls_subject, contacts, logo, preset, broker, registered_by, counterpart, created_at, changed_at, sector)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17)
"""
ADD_PARTNER = _ADDING_PARTNER + "on conflict (partner_id) do nothing returning partner_id"
# Never the state of a partner that is there: only SET_PARTNER_STATE writes that.
SAVE_PARTNER = (
    _ADDING_PARTNER
    + """
on conflict (partner_id) do update set name = excluded.name, auth_method = excluded.auth_method,
  sealed_secret = excluded.sealed_secret, jwks = excluded.jwks, algorithms = excluded.algorithms,
  jwks_uri = excluded.jwks_uri, tls_subject = excluded.tls_subject,
  contacts = excluded.contacts, logo = excluded.logo, preset = excluded.preset, broker = excluded.broker,
  registered_by = excluded.registered_by, counterpart = excluded.counterpart, changed_at = excluded.changed_at,
  sector = excluded.sector
returning partner_id
"""
)
SET_PARTNER_STATE = """
update partners_partners set state = $2, changed_at = $3 where partner_id = $1 and state <> $2 returning partner_id
"""
SERVICE = """
select partners_services.code, partner_id, type, state, name, partners_services.purpose, redirect_uris, contract,
  pkce_required, profile, message_signing, request_uris, backchannel_mode, notification_endpoint, match_optional,
  callback_urls, final_partner, fallbacks, essential, pause_during_calls, batch, signs,
  partners_grants.attribute as granted
from partners_services
left join partners_grants on partners_grants.service_code = partners_services.code
  and partners_grants.revoked_at is null and partners_grants.starts_at <= $2 and partners_grants.ends_at > $2
where partners_services.code = $1
"""
REGISTERED = """
select code, partner_id, type, state, name, purpose, redirect_uris, contract, pkce_required, profile, message_signing,
  request_uris, backchannel_mode, notification_endpoint, match_optional, callback_urls, final_partner,
  fallbacks, essential, pause_during_calls, batch, signs
from partners_services where code = $1
"""
SERVICES = """
select code, partner_id, type, state, name, purpose, redirect_uris, contract, pkce_required, profile, message_signing,
  request_uris, backchannel_mode, notification_endpoint, match_optional, callback_urls, final_partner,
  fallbacks, essential, pause_during_calls, batch, signs
from partners_services where partner_id = $1 order by code
"""
ALL_SERVICES = """
select code, partner_id, type, state, name, purpose, redirect_uris, contract, pkce_required, profile, message_signing,
  request_uris, backchannel_mode, notification_endpoint, match_optional, callback_urls, final_partner,
  fallbacks, essential, pause_during_calls, batch, signs
from partners_services order by code
"""
HOLD_SERVICE = """
update partners_services set state = state where code = $1
returning code, partner_id, type, state, name, purpose, redirect_uris, contract, pkce_required, profile,
  message_signing, request_uris, backchannel_mode, notification_endpoint, match_optional, callback_urls, final_partner,
  fallbacks, essential, pause_during_calls, batch, signs
"""
_ADDING_SERVICE = """
insert into partners_services (code, partner_id, type, state, name, purpose, redirect_uris, contract, pkce_required,
  profile, message_signing, request_uris, backchannel_mode, notification_endpoint, match_optional, callback_urls,
  final_partner, fallbacks, essential, created_at, changed_at, pause_during_calls, batch, signs)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20, $21, $22, $23)
"""
ADD_SERVICE = _ADDING_SERVICE + "on conflict (code) do nothing returning code"
SAVE_SERVICE = (
    _ADDING_SERVICE
    + """
on conflict (code) do update set type = excluded.type, state = excluded.state, name = excluded.name,
  purpose = excluded.purpose, redirect_uris = excluded.redirect_uris, contract = excluded.contract,
  pkce_required = excluded.pkce_required, profile = excluded.profile, message_signing = excluded.message_signing,
  request_uris = excluded.request_uris, backchannel_mode = excluded.backchannel_mode,
  notification_endpoint = excluded.notification_endpoint, match_optional = excluded.match_optional,
  callback_urls = excluded.callback_urls, final_partner = excluded.final_partner,
  fallbacks = excluded.fallbacks, essential = excluded.essential, changed_at = excluded.changed_at,
  pause_during_calls = excluded.pause_during_calls, batch = excluded.batch, signs = excluded.signs
  where partners_services.partner_id = excluded.partner_id
returning code
"""
)
REMOVE_SERVICE = """
delete from partners_services where code = $1 and partner_id = $2 returning code
"""


def saving_partner(partner: Partner, sealed: bytes | None, now: int, *, new: bool = False) -> Statement:
    """The statement that writes a partner, of one that is there all but its state; `new` adds it or returns no row."""
    values = (
        partner.partner_id, partner.name, partner.state, partner.auth_method, sealed,
        _json(partner.jwks) if partner.jwks else None, _json(partner.algorithms), partner.jwks_uri,
        partner.tls_subject, _json(partner.contacts), partner.logo, partner.preset, int(partner.broker),
        partner.registered_by, partner.counterpart, now, partner.sector,
    )  # fmt: skip
    return Statement(ADD_PARTNER if new else SAVE_PARTNER, values)


def saving_service(service: Service, now: int, *, new: bool = False) -> Statement:
    """The statement that writes a service; no row: the code is another partner's, or if `new` anybody's."""
    values = (
        service.code, service.partner_id, service.type, service.state, _json(service.name), _json(service.purpose),
        _json(service.redirect_uris), _json(service.contract), int(service.pkce_required), service.profile,
        int(service.message_signing), _json(service.request_uris), service.backchannel_mode,
        service.notification_endpoint, int(service.match_optional), _json(service.callback_urls),
        service.final_partner, _json(service.fallbacks), int(service.essential), now, int(service.pause_during_calls),
        service.batch, int(service.signs),
    )  # fmt: skip
    return Statement(ADD_SERVICE if new else SAVE_SERVICE, values)


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
        jwks_uri=row["jwks_uri"],
        tls_subject=row["tls_subject"],
        contacts=tuple(msgspec.json.decode(row["contacts"])),
        logo=row["logo"],
        preset=Preset(row["preset"]),
        broker=bool(row["broker"]),
        registered_by=row["registered_by"],
        counterpart=row["counterpart"],
        sector=row["sector"],
    )


def read_service(row: Row) -> Service:
    """A row as a value, its contract as registered."""
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
        profile=row["profile"],
        message_signing=bool(row["message_signing"]),
        request_uris=tuple(msgspec.json.decode(row["request_uris"])),
        backchannel_mode=row["backchannel_mode"],
        notification_endpoint=row["notification_endpoint"],
        match_optional=bool(row["match_optional"]),
        callback_urls=tuple(msgspec.json.decode(row["callback_urls"])),
        final_partner=row["final_partner"],
        fallbacks=tuple(msgspec.json.decode(row["fallbacks"])),
        essential=bool(row["essential"]),
        pause_during_calls=bool(row["pause_during_calls"]),
        batch=row["batch"],
        signs=bool(row["signs"]),
    )


def read_granted(rows: Sequence[Row]) -> tuple[Service, frozenset[str]] | None:
    """The rows of SERVICE: the service as registered, and the attributes that are granted now."""
    if not rows:
        return None
    return read_service(rows[0]), frozenset(row["granted"] for row in rows if row["granted"])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
