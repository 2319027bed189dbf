"""What the API takes and gives, as msgspec reads it; its OpenAPI document is made of the same types."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ipse.partner_portal.errors import ApiBodyRefused
from ipse.partners.model import Service, ServiceType


class OrganisationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people read of the organisation, and who is told of what goes wrong."""

    name: str
    contacts: tuple[str, ...] = ()


class ServiceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A service. Texts are by language: nl, fr, de, en; the contract says required or voluntary by attribute."""

    type: ServiceType
    name: dict[str, str]
    redirect_uris: tuple[str, ...] = ()
    purpose: dict[str, str] = {}
    contract: dict[str, Literal["required", "voluntary"]] = {}
    state: Literal["active", "stopped"] = "active"
    pkce_required: bool = True
    profile: Literal["default", "fapi2"] = "default"
    message_signing: bool = False
    request_uris: tuple[str, ...] = ()
    backchannel_mode: Literal["", "poll", "ping"] = ""
    notification_endpoint: str = ""
    match_optional: bool = False
    callback_urls: tuple[str, ...] = ()
    final_partner: str = ""
    fallbacks: tuple[str, ...] = ()
    essential: bool = False
    pause_during_calls: bool = False
    batch: int = 1
    signs: bool = False


class NewServiceBody(ServiceBody, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A service that does not exist yet, with its code."""

    code: str


class KeysBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Public keys: as a set, or the address where they are published. Never a private key."""

    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None


class FinalPartnerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A final partner of a broker; with keys, results can be sealed for it alone."""

    client_id: str
    name: str
    jwks: dict[str, Any] | None = None


def decoded(body: bytes, kind: type[Any]) -> Any:  # noqa: ANN401 - a value of `kind`
    """A body as one of these.

    Raises:
        ApiBodyRefused: it is not; the text says where.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiBodyRefused(str(error), public=str(error)) from error


def service_of(body: ServiceBody, partner_id: str, code: str) -> Service:
    """The service that a body describes."""
    members = msgspec.structs.asdict(body) | {"code": code, "partner_id": partner_id}
    return Service(**members)


def told(service: Service) -> dict[str, Any]:
    """A service as the API tells it."""
    members: dict[str, Any] = msgspec.to_builtins(service)
    members.pop("partner_id")
    return members
