"""How a phone becomes a person's phone (protocol section 4): enrol, the bank, the return, the code."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.kernel.clock import text
from ipse.kernel.ids import b64u, sha256
from ipse.softphone import browser, world
from ipse.softphone.cards import CardSlot
from ipse.softphone.channel import Answer, Channel
from ipse.softphone.configuration import Configuration
from ipse.softphone.connections import connect
from ipse.softphone.errors import PhoneExists, WeakCode
from ipse.softphone.messages import Writer
from ipse.softphone.state import Device, DeviceKey, Pending, State
from ipse.softphone.texts import Asking, Texts
from ipse.standards import phone_channel
from ipse.standards.weak_codes import weakness

APP_NAME = "ipse-softphone"


@dataclass(frozen=True, slots=True)
class Activation:
    """What a person would enter."""

    base: str
    """The scheme: `http://localhost:8000`."""
    bank: str
    person: str
    code: str
    phone_number: str | None = None
    """`+32 485694175`; by default the person's number in the sandbox's world."""
    email: str | None = None
    language: str = "en"
    world: str | None = None
    """Address of `world.json`; by default the next port of 127.0.0.1."""
    app_version: str = "1.0.0"
    pin: str | None = None
    """Of the person's eID card in the sandbox: enrol with it. `bank` is then the card, as the scheme names it."""
    device: Device = field(default_factory=Device)
    sms_code: str | None = None
    """The code of a text message, where the operator sends one; by default the newest in the sandbox's inbox."""
    ask: Asking | None = None
    """Asks the person for that code."""
    attested: bool = False
    """Whether the sandbox's maker of phones vouches for the key, as the hardware of a real phone would."""


@dataclass(frozen=True, slots=True)
class Activated:
    """How an activation ended."""

    phone: str
    state: str
    """`active` or `pending`."""
    why: str | None
    moved: bool
    """The identity lived on another phone, which is now stopped."""
    number_verified: bool
    received: tuple[Mapping[str, Any], ...]
    """What the bank said of the person."""
    waits_until: int | None = None
    """When the identity moves here (unix seconds), unless the person objects on the phone that has it."""


def new_key() -> DeviceKey:
    """A fresh device key."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = phone_channel.public_jwk(private.public_key())
    return DeviceKey(x=public["x"], y=public["y"], d=b64u(private.private_numbers().private_value.to_bytes(32, "big")))


def activate(channel: Channel, writer: Writer, wanted: Activation, *, tls: ssl.SSLContext | None = None) -> Activated:
    """Run a whole activation. A stopped phone in the store is replaced, an active one never."""
    with channel.store.held():
        before = channel.store.load()
        if before.active and not before.stopped:
            raise PhoneExists(
                "a phone is activated here: ipse phone remove unlinks it, --store FILE keeps one more; "
                "delete its file where its scheme is gone"
            )
        number, birthdate = _of_the_person(channel.http, wanted)
        refuse_weak(wanted.code, birthdate=birthdate, phone_number=number)
        channel.store.save(
            State(
                base=wanted.base.rstrip("/"),
                app_version=wanted.app_version,
                device=_device(wanted, writer),
                key=new_key(),
                phone_number=number,
                birthdate=birthdate,
            )
        )
        return _Run(channel=channel, writer=writer, wanted=wanted, tls=tls).finish()


def _device(wanted: Activation, writer: Writer) -> Device:
    """What was given, and beside it what this phone truly knows of itself."""
    given = wanted.device
    return msgspec.structs.replace(
        given,
        device_id=given.device_id or writer.ids.identifier(),
        app_name=given.app_name or APP_NAME,
        app_release=given.app_release or wanted.app_version,
        app_installed=given.app_installed or text(writer.clock.now())[:10],
    )


def refuse_weak(code: str, *, birthdate: str, phone_number: str) -> None:
    """Refuse a code that is too easy to guess, before anything is sent.

    Raises:
        WeakCode: says which rule.
    """
    weak = weakness(code, birthdate=birthdate, phone_number=phone_number)
    if weak:
        raise WeakCode(f"this code is too easy to guess ({weak.value})")


def _of_the_person(http: httpx.Client, wanted: Activation) -> tuple[str, str]:
    """Number and birth date; the world is asked only for what was not given."""
    if wanted.phone_number is not None:
        return wanted.phone_number, ""
    described = world.read(http, wanted.world or world.address(wanted.base))
    if wanted.pin is None:
        described.bank(wanted.bank)
    person = described.person(wanted.person)
    return person.phone_number, person.birthdate


@dataclass(frozen=True, slots=True)
class _Run:
    channel: Channel
    writer: Writer
    wanted: Activation
    tls: ssl.SSLContext | None

    def finish(self) -> Activated:
        configuration = self.writer.configuration(self.channel.store.load().base)
        begun = self._enrol(configuration)
        value = self._visit_bank(begun["start_url"], configuration.app_origin)
        returned = self._return(value)
        self._note_birthdate(returned["received"])
        done = self.channel.exchange("activate", lambda state: self.writer.activate(state, self.wanted.code))
        return Activated(
            phone=begun["phone"],
            state=done["account"]["state"],
            why=done["account"].get("why"),
            waits_until=done.get("waits_until"),
            moved=done["moved"],
            number_verified=returned["number_verified"],
            received=tuple(returned["received"]),
        )

    def _enrol(self, configuration: Configuration) -> Answer:
        wanted = self.wanted
        extra: dict[str, Any] = {} if wanted.email is None else {"email": wanted.email}
        if wanted.attested:
            extra["attestation"] = self._attestation(configuration.issuer)

        def compose(state: State) -> Pending:
            return self.writer.signed(
                state,
                "enrol",
                "enrol",
                device_key=state.key.public() if state.key else {},
                language=wanted.language,
                phone_number=state.phone_number,
                registrar=wanted.bank,
                accepted=configuration.accepted(wanted.language),
                app={"name": APP_NAME, "version": wanted.app_version},
                device=state.device.report(),
                **extra,
            )

        return self.channel.exchange("enrol", compose)

    def _attestation(self, issuer: str) -> Mapping[str, Any]:
        """What the phone's hardware says of its key: here the maker in the sandbox's world says it."""
        key = self.channel.store.load().key
        described = world.read(self.channel.http, self.wanted.world or world.address(self.wanted.base))
        wish = {
            "x": key.x if key else "",
            "y": key.y if key else "",
            "challenge": b64u(sha256("ipse device key attestation v1\n" + issuer)),
        }
        return world.attest(self.channel.http, described.maker, wish)

    def _visit_bank(self, start_url: str, app_origin: str) -> str:
        # A browser of its own: the phone's connection has no cookies, and none of these may stay behind.
        with connect(self.tls) as visitor:
            return browser.walk(
                visitor,
                start_url,
                app_origin=app_origin,
                answers={"person": self.wanted.person, "decision": "approve"},
                slot=self._slot(),
                texted=self._texts().code,
            )

    def _texts(self) -> Texts:
        number = self.channel.store.load().phone_number or ""
        there = self.wanted.world or world.address(self.wanted.base)
        return Texts(self.channel.http, world.inbox(there), number, self.wanted.sms_code, self.wanted.ask)

    def _slot(self) -> CardSlot | None:
        wanted = self.wanted
        if wanted.pin is None:
            return None
        described = world.read(self.channel.http, wanted.world or world.address(wanted.base))
        return CardSlot(described.eid.api, wanted.person, wanted.pin)

    def _return(self, value: str) -> Answer:
        return self.channel.exchange(
            "enrolment-return",
            lambda state: self.writer.signed(
                state, "enrolment-return", "enrolment-return", enrolment=state.enrolment, value=value
            ),
        )

    def _note_birthdate(self, received: list[dict[str, Any]]) -> None:
        """The bank knows the birth date: the code is judged again with it."""
        found = {one["name"]: one["value"] for one in received}
        state = self.channel.store.load()
        if isinstance(found.get("birthdate"), str):
            state.birthdate = found["birthdate"]
            self.channel.store.save(state)
        refuse_weak(self.wanted.code, birthdate=state.birthdate, phone_number=state.phone_number)
