"""A service as the form of its page holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from ipse.kernel.settings import Environment
from ipse.partner_portal.errors import FormRefused
from ipse.partner_portal.rules import names
from ipse.partner_portal.rules.addresses import mistake, read_addresses
from ipse.partners.model import Service, ServiceType

DEMANDS: Final = ("required", "voluntary")
ASKING: Final = "ask_"
"""Fields of the attribute contract: this and the attribute's name."""
FALLBACK: Final = "fallback_"
_MODES: Final = ("", "poll", "ping")


def read_service(
    fields: Mapping[str, str],
    old: Service,
    *,
    environment: Environment,
    attributes: Collection[str],
    fallbacks: Collection[str],
) -> Service:
    """The service that a form describes; what the form does not show stays as it was.

    Raises:
        FormRefused: names the field and what is wrong with it.
    """
    kind = _kind(fields.get("type", old.type))
    mode = fields.get("backchannel_mode", "")
    if mode not in _MODES:
        raise FormRefused("backchannel_mode", "choose")
    profile = fields.get("profile", "default")
    contract = {name: demand for name in attributes if (demand := fields.get(ASKING + name, "")) in DEMANDS}
    return msgspec.structs.replace(
        old,
        type=kind,
        name=names.read_texts(fields, "name", required=True, longest=names.LONGEST),
        purpose=names.read_texts(fields, "purpose", required=False, longest=names.LONGEST_PURPOSE),
        redirect_uris=read_addresses(fields.get("redirect_uris", ""), environment, field="redirect_uris"),
        request_uris=read_addresses(fields.get("request_uris", ""), environment, field="request_uris"),
        callback_urls=read_addresses(fields.get("callback_urls", ""), environment, field="callback_urls"),
        contract=contract,
        pkce_required=fields.get("pkce_required") == "yes",
        profile=profile,
        message_signing=fields.get("message_signing") == "yes",
        backchannel_mode=mode,
        notification_endpoint=_endpoint(fields, mode, environment),
        final_partner=fields.get("final_partner", ""),
        fallbacks=tuple(method for method in fallbacks if fields.get(FALLBACK + method) == "yes"),
        essential=fields.get("essential") == "yes",
        pause_during_calls=fields.get("pause_during_calls") == "yes",
        batch=_number(fields.get("batch", "1")),
        signs=fields.get("signs") == "yes",
    )


def new_service(partner_id: str, code: str) -> Service:
    """A service before its form was filled in."""
    return Service(
        code=code,
        partner_id=partner_id,
        type=ServiceType.AUTHENTICATION,
        state="active",
        name={},
        purpose={},
        redirect_uris=(),
        contract={},
        pkce_required=True,
    )


def _kind(text: str) -> ServiceType:
    try:
        return ServiceType(text)
    except ValueError as error:
        raise FormRefused("type", "choose") from error


def _endpoint(fields: Mapping[str, str], mode: str, environment: Environment) -> str:
    address = fields.get("notification_endpoint", "").strip()
    if mode != "ping" or not address:
        return ""
    why = mistake(address, environment)
    if why:
        raise FormRefused("notification_endpoint", why, address=address)
    return address


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise FormRefused("batch", "number")
    return int(text)
