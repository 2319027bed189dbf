"""Receiving phones' messages and keeping phones.

The order of checks is fixed: signature, state, repeat, chain value. A message is *accepted* by one conditional
statement that moves the chain on and records the answer, in the transaction of what the message does.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids, b64u
from ipse.kernel.keystore import HeldKeys, Keystore
from ipse.kernel.sealing import seal, unseal
from ipse.phones import rules, store
from ipse.phones.errors import (
    MalformedMessageError,
    PhoneCopiedError,
    PhoneStoppedError,
    StaleMessageError,
    TamperedRowError,
    UnknownPhoneError,
    WrongSignatureError,
)
from ipse.phones.model import (
    Answer,
    Carrying,
    CodeKind,
    Device,
    NewPhone,
    OpenedCodeKey,
    Past,
    Phone,
    PhoneState,
    Received,
    SimState,
    StopReason,
)
from ipse.standards import phone_channel
from ipse.standards.phone_channel import MessageError, OpenedMessage, SignatureError, UnverifiedMessage
from ipse.storage.copies import copied
from ipse.storage.database import Database
from ipse.storage.statement import Statement, Transaction, one, run

_KEPT_DEVICE_KEYS = 10_000
_JUDGING_SECONDS = 2.0
_LOOK_SECONDS = 0.1
_SLOT = "slot"


@dataclass
class Phones:
    """Use cases of phones."""

    database: Database
    keystore: Keystore
    clock: Clock
    ids: Ids
    _device_keys: dict[str, ec.EllipticCurvePublicKey] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._channel: tuple[HeldKeys | None, dict[str, ec.EllipticCurvePrivateKey]] = (None, {})
        self._answer_key = self.keystore.working_key("phone")
        self._code_key = self.keystore.working_key("code")
        self._mac_key = self.keystore.working_key("phone_mac")

    def channel_jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public phone-channel key that apps seal to now; those before it open as long as an app may stay open."""
        jwks = self.keystore.held_keys("phone_channel").current
        members = ("kty", "crv", "x", "y", "kid")
        return {"keys": [{name: jwk[name] for name in members} | {"use": "enc", "alg": "ECDH-ES"} for jwk in jwks]}

    def open_sealed(self, body: str) -> OpenedMessage:
        """Open a sealed message.

        Raises:
            MalformedMessageError: not one.
        """
        try:
            return phone_channel.open_sealed(body, self._channel_keys())
        except MessageError as error:
            raise MalformedMessageError(str(error), public=str(error)) from error

    def _channel_keys(self) -> dict[str, ec.EllipticCurvePrivateKey]:
        held = self.keystore.held_keys("phone_channel")
        if self._channel[0] is not held:
            self._channel = (held, phone_channel.private_keys(held.held))
        return self._channel[1]

    @staticmethod
    def read(body: str) -> UnverifiedMessage:
        """Take a signed message apart.

        Raises:
            MalformedMessageError: not one.
        """
        try:
            return phone_channel.read(body)
        except MessageError as error:
            raise MalformedMessageError(str(error), public=str(error)) from error

    async def receive(
        self,
        message: UnverifiedMessage,
        *,
        expected_type: str,
        state: PhoneState = PhoneState.ACTIVE,
        code_key_id: str = "",
        spare_id: str = "",
    ) -> Received:
        """Judge signature, state, repeat and chain value of a message; nothing is changed yet.

        `code_key_id` is the code key that the message names, `spare_id` that of the phone's other slot.

        Raises:
            UnknownPhoneError, WrongSignatureError, MalformedMessageError: refused before acceptance.
            PhoneStoppedError: the phone does not carry the identity any more.
            PhoneCopiedError: an old chain value; the caller must stop phone and identity.
        """
        phone = await self._phone(message.kid, code_key_id, spare_id)
        verified = self._verified(message, phone, expected_type)
        chain, challenge = b64u(self.ids.octets(16)), b64u(self.ids.octets(16))
        fresh = Received(phone, verified, chain=chain, challenge=challenge, spare_id=spare_id)
        if hmac.compare_digest(message.digest, phone.message_digest):
            return await self._repeated(fresh, code_key_id)
        if phone.quiet_until is not None and phone.quiet_until <= self.clock.now():
            raise PhoneStoppedError(why=StopReason.BLOCKED)
        if not phone.state.may_say(expected_type, wanted=state):
            if phone.state is PhoneState.STOPPED:
                raise PhoneStoppedError(why=phone.why)
            raise MalformedMessageError(public=f"{expected_type} is not for a phone that is {phone.state}")
        if not hmac.compare_digest(verified.chain.encode(), phone.chain.encode()):
            # A phone that only waits for an identity must not be able to stop it.
            owner = None if phone.state is PhoneState.WAITING else phone.account_id
            raise PhoneCopiedError(account_id=owner, phone_id=phone.phone_id)
        return fresh

    def enrolled_key(self, message: UnverifiedMessage, expected_type: str = "enrol") -> dict[str, str]:
        """The device key that a first message (`enrol`, `pair`) brings, after checking that it signed the message.

        Raises:
            MalformedMessageError, WrongSignatureError: refused.
        """
        try:
            jwk = message.unverified_payload().get("device_key")
            if not isinstance(jwk, dict):
                raise MalformedMessageError(public="device_key is missing")
            key = phone_channel.public_key(jwk)
            clean = phone_channel.public_jwk(key)
            if phone_channel.thumbprint(clean) != message.kid:
                raise MalformedMessageError(public="kid must be the thumbprint of device_key")
            phone_channel.verify(message, key, expected_type=expected_type)
        except MessageError as error:
            raise MalformedMessageError(str(error), public=str(error)) from error
        except SignatureError as error:
            raise WrongSignatureError from error
        return clean

    async def models(self) -> dict[str, int]:
        """How many phones that carry an identity are of each model, as far as it is known; the most first."""
        return {row["name"]: row["phones"] for row in await self.database.rows(store.MODELS)}

    async def app_versions(self) -> dict[str, int]:
        """How many phones that carry an identity were activated with each version of the app; the most first."""
        return {row["name"]: row["phones"] for row in await self.database.rows(store.APP_VERSIONS)}

    async def of_account(self, account_id: str) -> list[Past]:
        """The phones that an identity has had, newest first: what help desks are told."""
        return [store.read_past(row) for row in await self.database.rows(store.OF_ACCOUNT, account_id)]

    async def repeat_of_enrol(self, message: UnverifiedMessage) -> Answer | None:
        """The recorded answer when this very `enrol` message came before.

        Raises:
            PhoneCopiedError: the device key is known, but this is another message.
        """
        row = await self.database.row(store.PHONE_BY_THUMBPRINT, message.kid)
        if row is None:
            return None
        phone = await self._phone(row["phone_id"], "")
        if hmac.compare_digest(phone.message_digest, message.digest) and phone.sealed_answer is not None:
            return self._recorded(phone)
        raise MalformedMessageError(public="this device key is enrolled already: make a new one")

    def creating(
        self, new: NewPhone, message: UnverifiedMessage, *, chain: str, answer: Answer, now: int
    ) -> Transaction[None]:
        """Keep a phone that begins to enrol."""
        device_key = msgspec.json.encode(new.device_key).decode()
        held = (new.phone_id, None, device_key, new.key_protection)
        mac = rules.mac(self._mac_key, held, PhoneState.ENROLLING, chain, 0)
        sealed = self._sealed_answer(new.phone_id, answer)
        yield from run(
            store.CREATE, new.phone_id, device_key, new.thumbprint, new.key_protection, mac, chain, message.digest,
            sealed, new.app_version, now,
            None if new.attestation is None else msgspec.json.encode(new.attestation).decode(), new.model or None,
        )  # fmt: skip

    def acceptance(self, received: Received, answer: Answer, *, now: int, challenge: str | None = None) -> Statement:
        """The statement that accepts a message: moves the chain on, records the answer.

        `challenge` when the answer carries a new one. It returns no row when another message was accepted meanwhile.
        """
        phone = received.phone
        sealed = self._sealed_answer(phone.phone_id, answer)
        digest = received.message.digest
        mac = self._mac_of(phone, chain=received.chain, tries=phone.tries)
        values = (
            phone.phone_id, phone.chain, received.chain, challenge, digest, sealed, now, phone.state, mac, phone.tries,
        )  # fmt: skip
        return Statement(store.ACCEPT, values)

    def accepting(
        self, received: Received, answer: Answer, *, now: int, challenge: str | None = None
    ) -> Transaction[None]:
        """Accept a message inside a transaction.

        Raises:
            StaleMessageError: another message was accepted meanwhile.
        """
        if not (yield self.acceptance(received, answer, now=now, challenge=challenge)):
            raise StaleMessageError

    async def take_try(self, received: Received, challenge: str, *, most: int) -> int:
        """Take a try of the code and the challenge in one committed statement; the tries taken so far.

        Raises:
            StaleMessageError: chain, challenge or state moved on, or no try is left.
        """
        phone = received.phone
        row = await self.database.row(
            store.TAKE_TRY, phone.phone_id, phone.chain, received.chain, received.message.digest, self.clock.now(),
            challenge, most, self._mac_of(phone, chain=received.chain, tries=phone.tries + 1), phone.tries,
        )  # fmt: skip
        if row is None:
            raise StaleMessageError
        return int(row["tries"])

    def judgement(
        self, received: Received, answer: Answer, *, tries: int, challenge: str | None, now: int
    ) -> Statement:
        """The statement that records the outcome of a try that was taken; `tries` is 0 after a right code.

        It returns no row when the phone was stopped, or the try given up as lost, meanwhile.
        """
        phone_id = received.phone.phone_id
        sealed = self._sealed_answer(phone_id, answer)
        phone = replace(received.phone, quiet_until=received.quiet_until)
        mac = self._mac_of(phone, chain=received.chain, tries=tries)
        return Statement(store.JUDGED, (phone_id, received.message.digest, tries, challenge, sealed, now, mac))

    def activating(
        self,
        received: Received,
        account_id: str,
        *,
        code_key: tuple[str, bytes],
        answer: Answer,
        now: int,
        spare_id: str = "",
    ) -> Transaction[None]:
        """Give the identity to this phone and keep its (code key id, 32-byte code key); other phones stopped before.

        `spare_id` names the phone's second slot, which no code opens until there is a duress code.

        Raises:
            StaleMessageError: another message was accepted meanwhile.
        """
        yield from self._binding(received, account_id, PhoneState.ACTIVE, answer, now)
        yield from self._keeping_keys(received.phone, code_key, spare_id, now)

    def awaiting(
        self,
        received: Received,
        account_id: str,
        *,
        code_key: tuple[str, bytes],
        answer: Answer,
        now: int,
        spare_id: str = "",
    ) -> Transaction[None]:
        """As `activating`, for a phone that waits: another one has the identity until `completing`.

        Raises:
            StaleMessageError: another message was accepted meanwhile.
        """
        yield from self._binding(received, account_id, PhoneState.WAITING, answer, now)
        yield from self._keeping_keys(received.phone, code_key, spare_id, now)

    def _keeping_keys(self, phone: Phone, code_key: tuple[str, bytes], spare_id: str, now: int) -> Transaction[None]:
        yield from self._adding_code_key(phone, code_key, CodeKind.NORMAL, now=now)
        if spare_id and spare_id != code_key[0]:
            yield from self._adding_code_key(phone, (spare_id, self.ids.octets(32)), CodeKind.SPARE, now=now)

    def _binding(
        self, received: Received, account_id: str, state: PhoneState, answer: Answer, now: int
    ) -> Transaction[None]:
        phone = received.phone
        mac = rules.mac(
            self._mac_key,
            (phone.phone_id, account_id, phone.device_key, phone.key_protection),
            state,
            received.chain,
            0,
        )
        row = yield from one(
            store.AWAIT if state is PhoneState.WAITING else store.ACTIVATE, phone.phone_id, phone.chain, account_id,
            mac, received.chain, received.message.digest, self._sealed_answer(phone.phone_id, answer), now,
        )  # fmt: skip
        if row is None:
            raise StaleMessageError

    def completing(self, phone_id: str, *, now: int) -> Transaction[bool]:
        """Give the identity to a phone that waited for it; its other phones were stopped before.

        False when it does not wait any more, or just said something: try again.
        """
        row = yield from one(store.PHONE, phone_id, "", "")
        if row is None or row["state"] != PhoneState.WAITING:
            return False
        phone = store.read_phone(row)
        mac = self._mac_of(replace(phone, state=PhoneState.ACTIVE), chain=phone.chain, tries=phone.tries)
        return (yield from one(store.END_WAIT, phone_id, phone.chain, mac, now)) is not None

    def stopping_waiting(self, phone_id: str, why: StopReason, *, now: int) -> Transaction[None]:
        """Stop a phone that waits for an identity."""
        yield from run(store.STOP_WAITING, phone_id, why, now, rules.STOPPED_MAC)

    def recording_sim_of(
        self, account_id: str, state: SimState, operator: str | None, *, checked_at: int | None, now: int
    ) -> Transaction[None]:
        """The same for the phone that carries an identity, whichever it is by now."""
        yield from run(store.RECORD_SIM_OF, account_id, state, operator, checked_at, now)

    def carrying_sim(self, old_phone_id: str, phone_id: str, *, now: int) -> Transaction[None]:
        """What is known of the SIM goes to the new phone with the number."""
        yield from run(store.CARRY_SIM, phone_id, old_phone_id, now)

    def others(self, account_id: str, phone_id: str) -> Transaction[list[str]]:
        """The phones, other than this one, that carry the identity now."""
        rows = yield from run(store.ACTIVE_PHONES, account_id, phone_id)
        return [row["phone_id"] for row in rows]

    def _adding_code_key(
        self, phone: Phone, code_key: tuple[str, bytes], kind: CodeKind, *, now: int
    ) -> Transaction[None]:
        """Keep a code key, wrapped and bound to the device key."""
        wrapped = rules.wrap(self._code_key, phone, code_key, kind)
        yield from run(store.ADD_CODE_KEY, code_key[0], phone.phone_id, _SLOT, wrapped, now)

    def code_key_replacement(self, phone: Phone, code_key: tuple[str, bytes], *, now: int) -> Statement:
        """The statement that puts a new code key in place of the one the message named."""
        old = phone.code_key.code_key_id if phone.code_key else ""
        wrapped = rules.wrap(self._code_key, phone, code_key, CodeKind.NORMAL)
        return Statement(store.REPLACE_CODE_KEY, (old, phone.phone_id, code_key[0], wrapped, now))

    def slot_setting(
        self, phone: Phone, code_key: tuple[str, bytes], kind: CodeKind, *, told: bool, now: int
    ) -> Statement:
        """The statement that fills the phone's second slot: with a duress key, or with one that no code has."""
        wrapped = rules.wrap(self._code_key, phone, code_key, kind, told=told)
        return Statement(store.SET_SLOT, (code_key[0], phone.phone_id, wrapped, now))

    def going_quiet(self, received: Received, *, until: int, now: int) -> Transaction[None]:
        """Let this phone look as always until then (microseconds), though its identity is blocked."""
        phone = received.phone
        mac = self._mac_of(replace(phone, quiet_until=until), chain=received.chain, tries=phone.tries + 1)
        yield from run(store.GO_QUIET, phone.phone_id, received.chain, until, now, mac)
        received.found.quiet_until = until

    def recording_sim(
        self, phone_id: str, state: SimState, operator: str | None, *, checked_at: int | None, now: int
    ) -> Transaction[None]:
        """Keep what is known of the SIM: state, operator, and when that answered (microseconds), None when none did."""
        yield from run(store.RECORD_SIM, phone_id, state, operator, checked_at, now)

    def stopping(self, account_id: str, why: StopReason, *, now: int, but: str = "") -> Transaction[list[str]]:
        """Stop the account's phones, `but` one; forget their code keys. Returns the ids of those stopped."""
        rows = yield from run(store.STOP_OTHERS, account_id, but, why, now, rules.STOPPED_MAC)
        if rows:
            yield from run(store.FORGET_CODE_KEYS, account_id)
        return [row["phone_id"] for row in rows]

    async def forget_account(self, account_id: str) -> None:
        """A person has deleted their identity: what phones that were stopped before were last answered goes, too."""
        await self.database.rows(store.FORGET_ANSWERS, account_id, b"")
        await self.database.rows(store.FORGET_ATTESTATIONS, account_id)

    async def carrying(self, account_id: str) -> Carrying | None:
        """The phone that carries an identity now; None where none does."""
        row = await self.database.row(store.CURRENT, account_id)
        return None if row is None else store.read_carrying(row)

    async def copy(self, account_id: str) -> list[dict[str, Any]]:
        """A person's phones, past ones too, to take along: without what would let others speak in their name."""
        return copied(await self.database.rows(store.COPY, account_id))

    async def forget_shell(self, account_id: str) -> None:
        """Delete the stopped phones of somebody who has long been gone."""
        await self.database.rows(store.FORGET_OF, account_id)

    async def device(self, phone_id: str) -> Device:
        """The key of a phone. Raises as `receive` where there is none, or its row was changed."""
        phone = await self._phone(phone_id, "")
        row = await self.database.row(store.DEVICE, phone_id)
        attestation = row["attestation"] if row is not None else None
        return Device(msgspec.json.decode(phone.device_key), msgspec.json.decode(attestation) if attestation else None)

    def code_key(self, phone: Phone) -> OpenedCodeKey:
        """The unwrapped code key the message named.

        Raises:
            MalformedMessageError: the phone has no such code key.
        """
        opened = None if phone.code_key is None else rules.unwrap(self._code_key, phone, phone.code_key)
        if opened is None or opened.kind is not CodeKind.NORMAL:
            raise MalformedMessageError(public="code_key_id is not a code key of this phone")
        return opened

    def spare_key(self, received: Received) -> OpenedCodeKey:
        """The key of the phone's other slot. One that we do not know is a decoy, judged with the same work."""
        phone, spare_id = received.phone, received.spare_id
        if phone.spare_key is None:
            return rules.decoy(self._code_key, spare_id)
        return rules.unwrap(self._code_key, phone, phone.spare_key)

    async def is_active(self, phone_id: str, *, or_waiting: bool = False) -> bool:
        """Whether this phone carries an identity now, or waits for one."""
        row = await self.database.row(store.STATE, phone_id)
        if row is None or row["state"] not in {PhoneState.ACTIVE, PhoneState.WAITING if or_waiting else ""}:
            return False
        return row["quiet_until"] is None or bool(row["quiet_until"] > self.clock.now())

    async def delete_abandoned(self, *, before: int) -> int:
        """Delete phones that began to enrol before `before` (microseconds) and never finished."""
        return len(await self.database.rows(store.DELETE_ABANDONED, before))

    async def _phone(self, phone_id: str, code_key_id: str, spare_id: str = "") -> Phone:
        row = await self.database.row(store.PHONE, phone_id, code_key_id, spare_id)
        if row is None:
            raise UnknownPhoneError
        phone = store.read_phone(row)
        if not rules.is_ours(self._mac_key, phone):
            message = f"phones_phones {phone_id} does not fit its MAC"
            raise TamperedRowError(message)
        return phone

    def _verified(self, message: UnverifiedMessage, phone: Phone, expected_type: str) -> phone_channel.SignedMessage:
        key = self._device_keys.get(phone.thumbprint)
        if key is None:
            key = phone_channel.public_key(msgspec.json.decode(phone.device_key))
            if len(self._device_keys) >= _KEPT_DEVICE_KEYS:
                self._device_keys.clear()
            self._device_keys[phone.thumbprint] = key
        try:
            return phone_channel.verify(message, key, expected_type=expected_type)
        except SignatureError as error:
            raise WrongSignatureError from error
        except MessageError as error:
            raise MalformedMessageError(str(error), public=str(error)) from error

    async def _repeated(self, received: Received, code_key_id: str) -> Received:
        """The recorded answer of a repeat; waits a moment for one that is being judged right now."""
        phone = received.phone
        waited = 0.0
        while phone.sealed_answer is None and waited < _JUDGING_SECONDS:
            await asyncio.sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
            phone = await self._phone(phone.phone_id, code_key_id)
            if not hmac.compare_digest(phone.message_digest, received.message.digest):
                raise PhoneCopiedError(account_id=phone.account_id, phone_id=phone.phone_id)
        if phone.sealed_answer is not None:
            return replace(received, phone=phone, recorded=self._recorded(phone))
        if phone.state is PhoneState.STOPPED:
            raise PhoneStoppedError(why=phone.why)
        return replace(received, phone=phone)

    def _mac_of(self, phone: Phone, *, chain: str, tries: int) -> bytes:
        held = (phone.phone_id, phone.account_id, phone.device_key, phone.key_protection)
        return rules.mac(self._mac_key, held, phone.state, chain, tries, quiet_until=phone.quiet_until)

    def _sealed_answer(self, phone_id: str, answer: Answer) -> bytes:
        plaintext = msgspec.json.encode(answer)
        return seal(self._answer_key, plaintext, table="phones_phones", row=phone_id, column="sealed_answer")

    def _recorded(self, phone: Phone) -> Answer:
        plaintext = unseal(
            self._answer_key,
            phone.sealed_answer or b"",
            table="phones_phones",
            row=phone.phone_id,
            column="sealed_answer",
        )
        return msgspec.json.decode(plaintext, type=Answer)
