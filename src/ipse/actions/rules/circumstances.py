"""How one approval came about, as far as a partner may know it.

What the phone does not report is absent, what it reports under another name or type is dropped.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ipse.actions.model import Start
from ipse.attributes.model import Circumstances
from ipse.kernel import clock
from ipse.kernel.ids import b64u

MODES: Final = {Start.QR: "QR", Start.LINK: "a2a", Start.PUSH: "MSISDN", Start.FALLBACK: "fallback"}
"""`identification_mode` (partner protocol, section 1.6)."""
_MECHANISMS: Final = {"bank": "ID_PROVIDER", "eid_card": "CARD_READER"}
"""`activationMechanism`, by the route of the evidence that the identity rests on."""
_TEXTS: Final = (
    "os",
    "osRelease",
    "appName",
    "appRelease",
    "manufacturer",
    "deviceModel",
    "deviceLabel",
    "deviceLockLevel",
    "sdkRelease",
)
_SWITCHES: Final = ("debugEnabled", "rooted", "hasSimEnabled", "smsEnabled")
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What we know ourselves of the moment a phone takes a request."""

    partner_id: str
    start: Start
    address: str
    app_name: str
    app_release: str
    activated_at: int
    """Microseconds UTC: the last activation."""
    route: str | None
    """Of the latest evidence: `bank` or `eid_card`; None when nobody asked."""


def read_circumstances(reported: object, moment: Moment, *, key: bytes) -> Circumstances:
    """The circumstances as attributes; `reported` is the `device` member of the phone's message, `key` a secret.

    Dates are cut to the day, and the phone's own id becomes one that this partner alone knows, so that two partners
    cannot tell by it that they met the same phone.
    """
    device = reported if isinstance(reported, Mapping) else {}
    on_call = device.get("on_call")
    return Circumstances(
        device=_device(device, moment.partner_id, key) or None,
        app={
            "appName": moment.app_name,
            "appRelease": moment.app_release,
            **_dated("appInstalledDate", _day(device.get("appInstalledDate"))),
        },
        account={
            **_dated("activationDate", clock.day(moment.activated_at)),
            **({"activationMechanism": _MECHANISMS[moment.route]} if moment.route in _MECHANISMS else {}),
        },
        identification_mode=MODES[moment.start],
        transaction_ip=moment.address,
        ongoing_call=on_call if isinstance(on_call, bool) else None,
    )


def pairwise_device(key: bytes, partner_id: str, device_id: str) -> str:
    """The id one partner knows a phone by: HMAC-SHA-256, base64url."""
    return b64u(hmac.digest(key, b"device\x00" + partner_id.encode() + b"\x00" + device_id.encode(), "sha256"))


def _device(reported: Mapping[str, object], partner_id: str, key: bytes) -> dict[str, str | bool]:
    told: dict[str, str | bool] = {name: text for name in _TEXTS if (text := _text(reported.get(name)))}
    told |= {name: value for name in _SWITCHES if isinstance(value := reported.get(name), bool)}
    device_id = _text(reported.get("deviceId"))
    if device_id:
        told["deviceId"] = pairwise_device(key, partner_id, device_id)
    return told


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST and value.isprintable() else ""


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(_text(value)[:10])
    except ValueError:
        return None


def _dated(name: str, day: date | None) -> dict[str, str]:
    return {name: f"{day.isoformat()}T00:00:00Z"} if day else {}
