"""What a phone remembers. Never the code, never a code key, never what was shown."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Final, Literal

import msgspec


class DeviceKey(msgspec.Struct, frozen=True):
    """The device key as a private JWK on P-256 (RFC 7517)."""

    x: str
    y: str
    d: str
    crv: str = "P-256"
    kty: str = "EC"

    def public(self) -> dict[str, str]:
        """The public JWK: what the server is told."""
        return {"kty": self.kty, "crv": self.crv, "x": self.x, "y": self.y}

    def private(self) -> dict[str, str]:
        """The private JWK."""
        return {**self.public(), "d": self.d}


REPORTED: Final[Mapping[str, str]] = {
    "os": "os",
    "os_release": "osRelease",
    "manufacturer": "manufacturer",
    "model": "deviceModel",
    "label": "deviceLabel",
    "lock_level": "deviceLockLevel",
    "device_id": "deviceId",
    "app_name": "appName",
    "app_release": "appRelease",
    "app_installed": "appInstalledDate",
    "sdk_release": "sdkRelease",
    "rooted": "rooted",
    "debug_enabled": "debugEnabled",
    "has_sim": "hasSimEnabled",
    "sms_enabled": "smsEnabled",
    "on_call": "on_call",
}
"""Our names of what a phone reports, and the protocol's."""


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the phone reports of itself; absent is absent (protocol section 7)."""

    label: str | None = "Soft phone"
    os: str | None = None
    os_release: str | None = None
    model: str | None = None
    manufacturer: str | None = None
    rooted: bool | None = None
    debug_enabled: bool | None = None
    on_call: bool | None = None
    lock_level: str | None = None
    """Whether and how the screen is locked, in the system's own words."""
    device_id: str | None = None
    app_name: str | None = None
    app_release: str | None = None
    app_installed: str | None = None
    """A day, `YYYY-MM-DD`."""
    sdk_release: str | None = None
    has_sim: bool | None = None
    sms_enabled: bool | None = None

    def report(self) -> dict[str, str | bool]:
        """The protocol's `device` object: known members only."""
        members = {theirs: getattr(self, ours) for ours, theirs in REPORTED.items()}
        return {name: value for name, value in members.items() if value is not None}


class Signer(msgspec.Struct, frozen=True):
    """What is kept for a signing certificate that was made here."""

    credential: str
    salt: str
    """Of its code key, base64url."""
    key: dict[str, str]
    """Public JWK of signature activation that everything for it is sealed to."""


class Pending(msgspec.Struct, frozen=True):
    """A message that was stored and is not answered yet."""

    path: str
    content_type: str
    body: str
    purpose: str
    """Type and subject, as in `approval <action> approved`: tells a repeated wish from a new one."""
    signer: Signer | None = None
    """Of the certificate that it makes, kept for good once it is approved."""


class Finger(msgspec.Struct, frozen=True):
    """A platform credential: its id, private value on P-256 and counter; id and value in base64url."""

    credential: str
    key: str
    count: int = 0


class Waking(msgspec.Struct, frozen=True):
    """Where this phone can be woken, as its push service gave it out; keys in base64url."""

    endpoint: str
    listen: str
    """Where its messages are taken."""
    key: str
    """Private value on P-256."""
    auth: str


class Claimed(msgspec.Struct, frozen=True):
    """A request this phone took."""

    action: str
    start: Literal["qr", "link", "push"]


class State(msgspec.Struct):
    """One phone's memory. Whoever copies it has copied the phone."""

    base: str = ""
    """`http://localhost:8000`: the issuer without `/v2`."""
    app_version: str = "1.0.0"
    device: Device = msgspec.field(default_factory=Device)
    key: DeviceKey | None = None
    phone: str = ""
    enrolment: str = ""
    chain: str = ""
    active: bool = False
    stopped: str = ""
    """The error code that ended this phone, if one did."""
    code_key_id: str = ""
    salts: dict[str, str] = msgspec.field(default_factory=dict)
    """Code key id to salt (base64url): two slots, and one more while a change of code is unanswered."""
    spare_code_key_id: str = ""
    """The second slot. Nothing here tells whether a duress code fills it."""
    next_code_key_id: str = ""
    claimed: dict[str, Claimed] = msgspec.field(default_factory=dict)
    """SHA-256 of a start (base64url), or the id of an addressed request, to what it led to: a frame can be claimed
    only while it is fresh."""
    phone_number: str = ""
    birthdate: str = ""
    pending: Pending | None = None
    fingers: dict[str, Finger] = msgspec.field(default_factory=dict)
    """By credential id, the newest last."""
    waking: Waking | None = None
    signers: list[Signer] = msgspec.field(default_factory=list)
    """Of the signing certificates made under the present code, the newest last."""

    def copied(self) -> State:
        """The same phone a second time, for tests of copied phones."""
        return copy.deepcopy(self)


CLAIMS_KEPT = 50


def remember_claim(state: State, start_digest: str, claimed: Claimed) -> None:
    """Note where a start led to; only the latest are kept."""
    state.claimed.pop(start_digest, None)
    state.claimed[start_digest] = claimed
    while len(state.claimed) > CLAIMS_KEPT:
        del state.claimed[next(iter(state.claimed))]
