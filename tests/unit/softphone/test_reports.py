"""What a phone reports of itself: the protocol's names, known members only (device protocol, section 7)."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from ipse.cli.phone.options import Reported
from ipse.softphone import Device
from ipse.softphone.state import REPORTED

PROTOCOL = Path(__file__).parents[3] / "docs" / "reference" / "device-protocol.md"


def test_the_protocol_has_every_member_and_no_other() -> None:
    table = PROTOCOL.read_text().partition("## 7.")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert documented == set(REPORTED.values())
    assert set(REPORTED) == set(Device.__struct_fields__)


def test_absent_is_absent() -> None:
    assert Device().report() == {"deviceLabel": "Soft phone"}
    assert Device(label=None, rooted=False).report() == {"rooted": False}


def test_every_member_can_be_set_at_the_command_line() -> None:
    texts = {"os", "os_release", "manufacturer", "device_model", "device_label", "device_lock_level", "device_id"}
    texts |= {"app_name", "app_release", "app_installed", "sdk_release"}
    switches = {"rooted", "debug_enabled", "on_call", "has_sim", "sms_enabled"}
    said = Reported(**dict.fromkeys(texts, "x"), **dict.fromkeys(switches, False))  # type: ignore[arg-type]
    assert said.on(Device()).report().keys() == set(REPORTED.values())
    before = Device(os="Android", rooted=True)
    assert Reported(rooted=False).on(before) == msgspec.structs.replace(before, rooted=False)
