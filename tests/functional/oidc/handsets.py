"""Phones that live at an installation without banks: real messages of the soft phone, handed to the device protocol."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from ipse.actions.service import Messages
from ipse.app.attestations import open_admission
from ipse.app.features import Features, build_features
from ipse.app.given import Given
from ipse.attributes.model import Evidence, Facts
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import RandomIds, b64u
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Panic as PanicSettings
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.mobile.service import Mobile
from ipse.mobile.service.panic import PanicMessages
from ipse.panic.service import Panic
from ipse.people.model import AccountState, Enrolled
from ipse.phones.model import Answer, NewPhone, PhoneState, Received
from ipse.phones.service import Phones
from ipse.softphone import effects
from ipse.softphone.activation import new_key
from ipse.softphone.configuration import Configuration
from ipse.softphone.messages import Approved, CodeUse, Writer
from ipse.softphone.phone import Request
from ipse.softphone.state import Device, Pending, State
from ipse.standards import phone_channel
from ipse.storage.statement import Transaction
from tests.functional.oidc.installation import Installation

CODE, DURESS = "13579", "86420"
NUMBERS = itertools.count(485_000_000)
_DONE = Answer(200, {})
_IDS = RandomIds()


class _Still(Mobile):
    """Without registrars nobody is about to move."""

    async def _movements(self, received: Received) -> dict[str, Any]:
        return {}


@dataclass
class Works:
    """What phones speak to."""

    installation: Installation
    phones: Phones
    messages: Messages
    mobile: Mobile
    panic: Panic
    panic_messages: PanicMessages
    features: Features

    @classmethod
    async def of(cls, installation: Installation, keystore: Keystore, *, quiet: int = 86_400) -> Works:
        """The device protocol on an installation's database, wired as the composition root wires it."""
        settings = msgspec.structs.replace(
            installation.settings,
            lifetimes=msgspec.structs.replace(installation.settings.lifetimes, quiet=quiet),
            panic=PanicSettings(guesses=5, guesses_in_all=30, answer_milliseconds=0),
        )
        ring = KeyRing(installation.database, keystore, installation.clock, Plan.of(settings))
        await ring.load()
        given = Given(settings, ring, installation.database, installation.clock, _IDS)
        features = build_features(given)
        nobody = cast("Any", SimpleNamespace())
        mobile = _Still(
            settings, given.database, ring, given.clock, _IDS, features.people, features.phones, features.messages,
            features.approvals, nobody, features.attributes, open_admission(settings, features.switches),
            features.push.public_key, lambda: None,
        )  # fmt: skip
        panic_messages = PanicMessages(
            features.phones, features.messages, features.people, features.panic, given.clock, settings.base_url
        )
        return cls(installation, features.phones, features.messages, mobile, features.panic, panic_messages, features)

    async def handset(self) -> Handset:
        """An invented person with an active phone that knows both its slots."""
        key, number = new_key(), next(NUMBERS)
        state = State(
            base=self.installation.settings.base_url, key=key, phone=_IDS.identifier(), chain=_IDS.identifier()
        )
        state.phone_number = f"+32 {number}"
        handset = Handset(self, state)
        print_ = phone_channel.thumbprint(key.public())
        private = phone_channel.private_key(key.private())
        enrol = phone_channel.read(phone_channel.sign(private, print_, {"v": 1, "type": "enrol"}))
        new, clock = NewPhone(state.phone, key.public(), print_, "1.0.0"), self.installation.clock
        database, people = self.installation.database, self.installation.people
        await database.transact(
            lambda: self.phones.creating(new, enrol, chain=state.chain, answer=_DONE, now=clock.now())
        )
        code_key_id, code_key = handset.writer._fresh_code_key(state, CODE)
        handset.writer._with_spare(state)
        compact = handset.writer._compact(state, "activate", {})
        received = await self.phones.receive(
            phone_channel.read(compact), expected_type="activate", state=PhoneState.ENROLLING
        )
        epoch = await people.current_epoch()

        def activation() -> Transaction[str]:
            now = clock.now()
            account, person_key, _ = yield from people.enrolling(_enrolled(number), epoch=epoch, now=now)
            yield from self.mobile.attributes.keeping(account.account_id, person_key, *_facts(now), now)
            yield from self.phones.activating(
                received, account.account_id, code_key=(code_key_id, code_key), answer=_DONE, now=now,
                spare_id=state.spare_code_key_id,
            )  # fmt: skip
            return account.account_id

        handset.account_id = await database.transact(activation)
        effects.apply(state, "activate", {"chain": received.chain})
        return handset


class RefusedError(Exception):
    """A problem document."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body["code"])
        self.code, self.body = answer.body["code"], answer.body


@dataclass
class Handset:
    """A phone; each method is one message of the device protocol."""

    works: Works
    state: State
    account_id: str = ""
    sent: list[str] = field(default_factory=list)
    """Everything that went over the line, both ways."""

    def __post_init__(self) -> None:
        # Not yet: the scheme's keys are asked for when something is sealed.
        clock = self.works.installation.clock
        self.writer = Writer(clock=clock, ids=_IDS, configuration=lambda _: cast("Configuration", self))

    @property
    def sealing_key(self) -> dict[str, str]:
        return self.works.phones.channel_jwks()["keys"][0]

    def copied(self) -> Handset:
        """A copy of the phone, for thieves."""
        return replace(self, state=self.state.copied(), sent=[])

    async def home(self) -> dict[str, Any]:
        return await self._say(self.works.mobile.home, self.writer.signed(self.state, "home", "home"))

    async def history(self) -> list[dict[str, Any]]:
        pending = self.writer.signed(self.state, "history", "history")
        entries: list[dict[str, Any]] = (await self._say(self.works.mobile.history, pending))["entries"]
        return entries

    async def claim(self, handle: str) -> Request:
        """Scan the moving code of a waiting page."""
        actions = self.works.installation.actions
        row = await self.works.installation.database.row(
            "select action_id from actions_actions where handle = $1", handle
        )
        assert row is not None
        action = (await actions.find(row["action_id"])).action
        return await self.claim_start(
            {"frame": actions.frame(action, self.works.installation.clock.now(), drawn=False)}
        )

    async def claim_start(self, start: dict[str, str]) -> Request:
        pending = self.writer.signed(self.state, "claim", "claim x", start=start)

        async def claiming(body: str) -> Answer:
            return await self.works.mobile.claim(body, address="192.0.2.1")

        return Request.of(await self._say(claiming, pending))

    def approval(self, request: Request, code: str) -> Pending:
        """An approval as bytes."""
        approved = Approved(request.action, request.shown, request.shared(), Device().report())
        return self.writer.approval(self.state, approved, CodeUse(code, request.challenge))

    async def approve(self, request: Request, code: str = CODE) -> dict[str, Any]:
        return await self._say(self.decide, self.approval(request, code))

    async def reject(self, request: Request, reason: str = "declined") -> dict[str, Any]:
        """Refuse, which costs no code."""
        device = Device().report()
        return await self._say(
            self.decide, self.writer.refusal(self.state, request.action, device=device, reason=reason)
        )

    async def decide(self, body: str) -> Answer:
        return await self.works.mobile.decide(body, address="192.0.2.1")

    async def reveal(self, action: str, code: str) -> dict[str, Any]:
        use = CodeUse(code, (await self.home())["challenge"])
        return await self._say(self.works.mobile.reveal, self.writer.reveal(self.state, action, use))

    async def set_duress(self, duress_code: str | None = DURESS, *, code: str = CODE, told: bool = False) -> None:
        use = CodeUse(code, (await self.home())["challenge"])
        await self._say(self.works.mobile.change_code, self.writer.set_duress(self.state, duress_code, use, told=told))

    async def change_code(self, new: str, *, code: str = CODE) -> None:
        use = CodeUse(code, (await self.home())["challenge"])
        await self._say(self.works.mobile.change_code, self.writer.change_code(self.state, new, use))

    async def panic_sheet(self, *, contact: str = "", code: str = CODE) -> dict[str, Any]:
        use = CodeUse(code, (await self.home())["challenge"])
        return await self._say(self.works.panic_messages.make, self.writer.make_panic_sheet(self.state, contact, use))

    async def panic_sheets(self) -> list[dict[str, Any]]:
        pending = self.writer.signed(self.state, "panic-sheets", "panic-sheets")
        found: list[dict[str, Any]] = (await self._say(self.works.panic_messages.listed, pending))["sheets"]
        return found

    async def revoke_sheet(self, sheet: str, *, code: str = CODE) -> None:
        use = CodeUse(code, (await self.home())["challenge"])
        await self._say(self.works.panic_messages.revoke, self.writer.revoke_panic_sheet(self.state, sheet, use))

    async def _say(self, operation: Callable[[str], Any], pending: Pending) -> dict[str, Any]:
        answer: Answer = await operation(pending.body)
        self.sent += [pending.body, b64u(str(answer.body).encode()), str(answer.body)]
        if answer.status >= 400:
            effects.refuse(self.state, pending.purpose, answer.body)
            raise RefusedError(answer)
        effects.apply(self.state, pending.purpose, answer.body, pending.signer)
        return answer.body


def _enrolled(number: int) -> Enrolled:
    return Enrolled(
        language="en", level="substantial", state=AccountState.ACTIVE, why=None, identity=f"BE:{number}",
        phone_number=f"+32 {number}", acceptances=(),
    )  # fmt: skip


def _facts(now: int) -> tuple[Facts, Evidence]:
    evidence = Evidence(
        evidence_id=_IDS.identifier(), registrar="test", route="bank", adapter="test", assurance="substantial",
        trust_framework="test", process=None, references=(), source_check=None, result="accepted", verified_at=now,
        received_at=now, expires_at=now + 86_400 * SECOND, original="",
    )  # fmt: skip
    return Facts(family_name="Lovelace", given_name="Ada", birthdate="1990-01-01"), evidence
