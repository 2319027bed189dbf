"""What partners are told of phone, app and account (partner protocol 1.6)."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.actions.model import Start
from ipse.actions.rules.circumstances import Moment, pairwise_device, read_circumstances
from ipse.kernel.clock import SECOND

KEY = bytes(range(32))
REPORTED: dict[str, Any] = {
    "os": "Android",
    "osRelease": "16",
    "appName": "Ipse",
    "appRelease": "1.4",
    "manufacturer": "Fair",
    "deviceModel": "P5",
    "deviceLabel": "Ada's phone",
    "deviceLockLevel": "true",
    "debugEnabled": False,
    "rooted": False,
    "hasSimEnabled": True,
    "smsEnabled": True,
    "deviceId": "phone-of-ada",
    "appInstalledDate": "2026-05-03T17:21:08Z",
    "on_call": True,
}


def moment(**changes: Any) -> Moment:
    members: dict[str, Any] = {
        "partner_id": "shop",
        "start": Start.QR,
        "address": "192.0.2.7",
        "app_name": "Ipse",
        "app_release": "1.4.2",
        "activated_at": 1_790_000_123 * SECOND,
        "route": "bank",
    }
    return Moment(**(members | changes))


def test_everything_a_native_phone_knows() -> None:
    told = read_circumstances(REPORTED, moment(), key=KEY)
    assert told.device == {
        name: value for name, value in REPORTED.items() if name not in {"on_call", "appInstalledDate", "deviceId"}
    } | {"deviceId": pairwise_device(KEY, "shop", "phone-of-ada")}
    assert told.app == {"appName": "Ipse", "appRelease": "1.4.2", "appInstalledDate": "2026-05-03T00:00:00Z"}
    assert told.account == {"activationDate": "2026-09-21T00:00:00Z", "activationMechanism": "ID_PROVIDER"}
    assert (told.identification_mode, told.transaction_ip, told.ongoing_call) == ("QR", "192.0.2.7", True)


def test_partners_cannot_follow_a_phone() -> None:
    """The phone's id is another for each partner; dates tell the day only."""
    shop, town = (read_circumstances(REPORTED, moment(partner_id=name), key=KEY) for name in ("shop", "town"))
    assert shop.device
    assert town.device
    assert shop.device["deviceId"] != town.device["deviceId"]
    assert "phone-of-ada" not in repr(shop)
    assert "17:21" not in repr(shop)
    again = read_circumstances(REPORTED, moment(start=Start.LINK), key=KEY)
    assert again.device
    assert again.device["deviceId"] == shop.device["deviceId"]


@pytest.mark.parametrize(
    "reported", [None, [], "x", {}, {"imei": "49015420323751", "msisdn": "0032485", "rooted": "no"}]
)
def test_what_a_phone_does_not_say_is_absent(reported: object) -> None:
    told = read_circumstances(reported, moment(route=None), key=KEY)
    assert (told.device, told.ongoing_call) == (None, None)
    assert told.app == {"appName": "Ipse", "appRelease": "1.4.2"}
    assert told.account == {"activationDate": "2026-09-21T00:00:00Z"}


@pytest.mark.parametrize("value", [5, True, None, "x" * 121, "a\nb", {"a": "b"}])
def test_texts_are_short_printable_texts(value: object) -> None:
    strange = {"deviceModel": value, "deviceId": value, "appInstalledDate": value}
    told = read_circumstances(strange, moment(), key=KEY)
    assert told.device is None
    assert told.app is not None
    assert "appInstalledDate" not in told.app


@pytest.mark.parametrize(("start", "mode"), [(Start.QR, "QR"), (Start.LINK, "a2a"), (Start.PUSH, "MSISDN")])
def test_how_it_was_started(start: Start, mode: str) -> None:
    assert read_circumstances({}, moment(start=start), key=KEY).identification_mode == mode


@pytest.mark.parametrize(("route", "mechanism"), [("bank", "ID_PROVIDER"), ("eid_card", "CARD_READER")])
def test_how_the_identity_was_activated(route: str, mechanism: str) -> None:
    account = read_circumstances({}, moment(route=route), key=KEY).account
    assert account is not None
    assert account["activationMechanism"] == mechanism
