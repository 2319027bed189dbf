"""What the commands of `ipse phone` take, and what they say of the phone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from ipse.softphone import Device

DEFAULT_STORE = Path("~/.ipse/phone.json")


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """What every command takes."""

    store: Path = DEFAULT_STORE
    """File that holds the phone; whoever copies it has copied the phone."""
    json: Annotated[bool, Parameter(negative="")] = False
    """Print one JSON object instead of text."""
    ca: Path | None = None
    """Certificate authorities to trust, as a PEM file."""
    from_address: str | None = None
    """Address of this machine to call from: in a sandbox 127.0.4.1 is in Lisbon"""


@Parameter(name="*")
@dataclass(frozen=True)
class Reported:
    """What a native phone would report of itself; absent is absent. Given at the activation it is kept."""

    rooted: bool | None = None
    """The phone is rooted."""
    debug_enabled: bool | None = None
    """It can be debugged."""
    on_call: bool | None = None
    """A call is running."""
    os: str | None = None
    """Operating system"""
    os_release: str | None = None
    """Its version"""
    manufacturer: str | None = None
    """Who made the phone"""
    device_model: str | None = None
    """Which model it is"""
    device_label: str | None = None
    """What its person calls it"""
    device_lock_level: str | None = None
    """Whether and how its screen is locked, in its own words"""
    device_id: str | None = None
    """Its own identifier; random by default"""
    app_name: str | None = None
    """Name of the app"""
    app_release: str | None = None
    """Version of the app; by default the one that was activated"""
    app_installed: str | None = None
    """Day the app was installed, as in 2026-11-22"""
    sdk_release: str | None = None
    """Version of the system's interface for apps"""
    has_sim: bool | None = None
    """A SIM is in it."""
    sms_enabled: bool | None = None
    """It can send text messages."""

    def on(self, device: Device) -> Device:
        """What was stored, with what was said now."""
        changes = {
            "rooted": self.rooted,
            "debug_enabled": self.debug_enabled,
            "on_call": self.on_call,
            "os": self.os,
            "os_release": self.os_release,
            "manufacturer": self.manufacturer,
            "model": self.device_model,
            "label": self.device_label,
            "lock_level": self.device_lock_level,
            "device_id": self.device_id,
            "app_name": self.app_name,
            "app_release": self.app_release,
            "app_installed": self.app_installed,
            "sdk_release": self.sdk_release,
            "has_sim": self.has_sim,
            "sms_enabled": self.sms_enabled,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        return msgspec.structs.replace(device, **given)


@Parameter(name="*")
@dataclass(frozen=True)
class ActivationOptions:
    """What an activation may take besides."""

    number: str | None = None
    """Phone number, as in "+32 485694175"; by default the person's in world.json"""
    pin: str | None = None
    """Enrol with the person's eID card in the sandbox and this PIN; --bank then is eid_card"""
    attested: bool = False
    """Have the sandbox's maker of phones attest the key: such a phone reaches the level high"""
    email: str | None = None
    """E-mail address, optional"""
    language: str = "en"
    """nl, fr, de or en"""
    world: str | None = None
    """Address of world.json; by default on the port after the scheme's"""
    app_version: str = "1.0.0"
    """Version of the app to report"""
    sms_code: str | None = None
    """Code of the operator's text message, if one comes; by default the sandbox's inbox is read, else it is asked"""


@Parameter(name="*")
@dataclass(frozen=True)
class Taking:
    """How a request is taken."""

    digits: str | None = None
    """The two digits shown where the request was started"""
    wait: float = 30.0
    """Seconds to wait for a partner's request after a QR that only says who scans"""


@Parameter(name="*")
@dataclass(frozen=True)
class Deciding:
    """How a request is approved."""

    decline: Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")] = None
    """Voluntary attributes not to share"""
    remember: Annotated[bool, Parameter(negative="")] = False
    """Trust the browser that began: there your phone number may start the next request"""
    fingerprint: Annotated[bool, Parameter(negative="")] = False
    """Approve by fingerprint, without the code"""
