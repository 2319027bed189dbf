"""One copy of the app, without a screen: everything a person can do with it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from ipse.kernel.clock import Clock, SystemClock
from ipse.kernel.ids import Ids, RandomIds
from ipse.softphone import activation, renewal
from ipse.softphone.activation import Activated, Activation
from ipse.softphone.channel import Answer, Channel
from ipse.softphone.configuration import Configurations
from ipse.softphone.connections import connect
from ipse.softphone.errors import CodeNeeded, NoPhone, NothingAsked, NotUnderstood, WeakCode
from ipse.softphone.fallbacks import Fallbacks
from ipse.softphone.fingers import Fingers
from ipse.softphone.links import parse
from ipse.softphone.messages import Approved, CodeUse, Writer
from ipse.softphone.moving import Mover
from ipse.softphone.papers import Papers
from ipse.softphone.renewal import Renewed
from ipse.softphone.requests import Connecting, Outcome, Request
from ipse.softphone.signing import SALT_OCTETS, sealing_of
from ipse.softphone.state import Device, Pending, State
from ipse.softphone.store import MemoryStore, Store
from ipse.softphone.waking import Waker
from ipse.standards.weak_codes import near

__all__ = ["Activated", "Activation", "Connecting", "Outcome", "Request", "SoftPhone"]

_LOOK_SECONDS = 1.0


class SoftPhone:
    """A phone. Its memory is the store's; several objects and processes may share one store.

    `tls` holds the certificate authorities to trust, `device` replaces what the stored phone reports of itself,
    `patience_seconds` is how long a message is sent again before `NoAnswer`, and how long one try waits at most,
    `address` one of this machine's that it calls from. Methods that talk to the scheme raise `Refused`, `NoAnswer` and,
    without an identity, `NoPhone`.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
        device: Device | None = None,
        patience_seconds: float = 30.0,
        address: str | None = None,
    ) -> None:
        self.store = store or MemoryStore()
        self._tls = tls
        self._http = connect(tls, address, seconds=patience_seconds)
        self._clock = clock or SystemClock()
        self._ids = ids or RandomIds()
        self._device = device
        self._channel = Channel(store=self.store, http=self._http, patience_seconds=patience_seconds)
        self._configurations = Configurations(self._http, self._clock)
        self._writer = Writer(clock=self._clock, ids=self._ids, configuration=self._configurations.at)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def state(self) -> State:
        """A copy of what the phone remembers."""
        return self.store.load()

    # The life of the phone

    def activate(self, wanted: Activation) -> Activated:
        """Become the phone of a person: enrol, go to the bank and back, set the code.

        Raises:
            PhoneExists: the store holds an active phone.
            WeakCode: the code is too easy to guess.
            BankRefused: the bank's part did not come back.
            UnknownInWorld: no such bank or person in the sandbox.
        """
        return activation.activate(self._channel, self._writer, wanted, tls=self._tls)

    def change_code(self, code: str, new_code: str) -> None:
        """Replace the code.

        Raises:
            WeakCode: the new one is too easy to guess.
        """
        state = self._usable()
        activation.refuse_weak(new_code, birthdate=state.birthdate, phone_number=state.phone_number)
        use = CodeUse(code=code, challenge=self.home()["challenge"])
        self._send("change-code", lambda state: self._writer.change_code(state, new_code, use))

    @property
    def mover(self) -> Mover:
        """What this phone says when an identity moves, or is deleted (see `moving`)."""
        return Mover(self._channel, self._writer)

    @property
    def fingers(self) -> Fingers:
        """What approves on this phone in place of the code, where a request is content with it (see `fingers`)."""
        return Fingers(self._channel, self._writer)

    @property
    def papers(self) -> Papers:
        """Documents that are to be signed, to be read before (see `papers`)."""
        self._usable()
        return Papers(self._channel, self._writer)

    @property
    def waker(self) -> Waker:
        """Being woken when somebody asks (see `waking`)."""
        return Waker(self._channel, self._writer)

    @property
    def fallbacks(self) -> Fallbacks:
        """What is prepared for a day without this phone (see `fallbacks`)."""
        self._usable()
        return Fallbacks(self._channel, self._writer)

    def notices(self) -> list[dict[str, Any]]:
        """The security messages that the person was sent, newest first."""
        return list(self._signed("notices")["notices"])

    def stop_elsewhere(self, enrolment: str) -> None:
        """Stop an activation of this identity on another phone; `home` names it in `elsewhere`."""
        self._usable()
        self.mover.stop_elsewhere(enrolment)

    def hand_over(self, shown: str, code: str) -> dict[str, Any]:
        """Bring the code that a new phone shows and confirm at once; what was known of the new phone."""
        self._usable()
        met = self.mover.meet(shown)
        self.mover.hand_over(met["pairing"], code, met["challenge"])
        return met

    def change_number(self, number: str, code: str, *, tls: ssl.SSLContext | None = None) -> Answer:
        """Change the phone number, proven in a browser as at an activation; the answer names it."""
        self._usable()
        return self.mover.change_number(number, code, self.home()["challenge"], tls=tls)

    def prove_number(self, code: str, *, tls: ssl.SSLContext | None = None) -> Answer:
        """Prove the number that the identity has, where nobody has done so yet."""
        return self.change_number("", code, tls=tls)

    def delete(self, code: str) -> None:
        """Delete the identity for good."""
        self._usable()
        self.mover.delete(code, self.home()["challenge"])

    def set_duress(self, code: str, duress_code: str, *, told: bool = False) -> None:
        """Set or change the duress code; `told`: the second channel is told when it is used.

        Raises:
            WeakCode: it is too easy to guess, or too near to the code.
        """
        state = self._usable()
        activation.refuse_weak(duress_code, birthdate=state.birthdate, phone_number=state.phone_number)
        if near(code, duress_code):
            raise WeakCode("the duress code must differ from the code in at least two digits, not only in their order")
        self._fill_slot(code, duress_code, told=told)

    def remove_duress(self, code: str) -> None:
        """Have no duress code; the same where there was none."""
        self._fill_slot(code, None, told=False)

    def _fill_slot(self, code: str, duress_code: str | None, *, told: bool) -> None:
        use = CodeUse(code=code, challenge=self.home()["challenge"])
        self._send("set-duress", lambda state: self._writer.set_duress(state, duress_code, use, told=told))

    def panic_sheets(self) -> list[dict[str, Any]]:
        """The sheets that block without this phone: id, holder, name, when made."""
        return list(self._signed("panic-sheets")["sheets"])

    def make_panic_sheet(self, code: str, *, contact: str = "") -> Answer:
        """Make a sheet for the person, or for a contact by name; its `code` is answered this once."""
        use = CodeUse(code=code, challenge=self.home()["challenge"])
        purpose = f"make-panic-sheet {contact}".strip()
        return self._send(purpose, lambda state: self._writer.make_panic_sheet(state, contact, use))

    def revoke_panic_sheet(self, code: str, sheet: str) -> None:
        """Take a sheet back."""
        use = CodeUse(code=code, challenge=self.home()["challenge"])
        self._send(f"revoke-panic-sheet {sheet}", lambda state: self._writer.revoke_panic_sheet(state, sheet, use))

    def set_language(self, language: str) -> Answer:
        """Choose the language of names and purposes: nl, fr, de or en."""
        return self._signed("settings", language=language)

    def block(self, reason: str = "lost") -> Answer:
        """Block the identity: `lost`, `not_me` or `other`."""
        return self._signed("block", reason=reason)

    def renew(self, registrar: str, person: str, *, pin: str | None = None) -> Renewed:
        """Renew the evidence behind the identity through a registrar, where `person` logs in; the phone stays.

        With `pin` it is the person's eID card in the sandbox, and the registrar `eid_card`.

        Raises:
            BankRefused: the bank's part did not come back.
            Refused: `enrolment_ended` with `another_person` where the answer is about somebody else.
        """
        self._usable()
        return renewal.renew(self._channel, self._writer, registrar, person, pin=pin, tls=self._tls)

    def remove(self) -> Answer:
        """Unlink this phone; the identity is blocked until another is activated."""
        return self._signed("remove")

    # Requests

    def claim(self, content: str) -> Request:
        """Take the request behind a QR's content or an app link, as the app's own scanner does.

        A start that this phone took before leads to the same request again.

        A scan that only says who is here is followed until the partner asks, see `follow`.

        Raises:
            UnusableLink: neither of the two.
            NothingAsked: the partner asked nothing in time.
        """
        taken = self.take(content)
        return taken if isinstance(taken, Request) else self.follow(taken)

    def take(self, content: str) -> Request | Connecting:
        """Like `claim`, but answers at once where a scan only says who is here.

        Raises:
            UnusableLink: neither a QR's content nor an app link.
        """
        start = parse(content)
        known = self._usable().claimed.get(start.digest)
        return self.show(known.action) if known else self._claim(start.digest, {start.kind: start.value})

    def follow(self, connecting: Connecting, *, seconds: float = 30.0, digits: str | None = None) -> Request:
        """Take the request that follows a scan, as soon as the partner asks.

        Raises:
            NothingAsked: it asked nothing for so many seconds.
        """
        until = time.monotonic() + seconds
        while True:
            for one in self.requests():
                if one["partner"] == connecting.partner and not one["claimed"]:
                    return self.claim_addressed(one["action"], digits)
            if time.monotonic() >= until:
                raise NothingAsked(f"{connecting.partner} asked nothing for {seconds:g} seconds")
            time.sleep(_LOOK_SECONDS)

    def requests(self) -> list[dict[str, Any]]:
        """The open requests: `claimed` by this phone, or addressed to its person; `digits` says what those need."""
        return list(self.home()["open"])

    def claim_addressed(self, action: str, digits: str | None = None) -> Request:
        """Take a request that was addressed to this person, with the digits shown to whoever started it.

        Raises:
            Refused: `digits_needed`, `wrong_digits` (which ends it), `unknown_start`.
        """
        if action in self._usable().claimed:
            return self.show(action)
        member = {"action": action} if digits is None else {"action": action, "digits": digits}
        return _request(self._claim(action, member))

    def refuse_addressed(self, action: str, *, not_started: bool = True) -> Outcome:
        """Refuse a request that was addressed to this person, unopened."""
        reason = "not_started" if not_started else "declined"
        answer = self._send(
            f"approval {action} rejected",
            lambda state: self._writer.refusal(state, action, device=self._report(state), reason=reason),
        )
        return Outcome(outcome=answer["outcome"])

    def ticket(self, content: str) -> Answer:
        """Exchange a frame or link that arrived as an opened link: `ticket`, `expires_in`, `digits`.

        Raises:
            Refused: the frame is stale, the start unknown.
        """
        start = parse(content)
        return self._channel.ask(self._usable().base, "/tickets", {start.kind: start.value})

    def claim_ticket(self, content: str, ticket: str, digits: str | None = None) -> Request:
        """Take the request of a ticket, with the two digits shown beside the QR where they are asked for."""
        member = {"ticket": ticket} if digits is None else {"ticket": ticket, "digits": digits}
        return _request(self._claim(parse(content).digest, member))

    def _claim(self, name: str, member: Mapping[str, str]) -> Request | Connecting:
        def compose(state: State) -> Pending:
            report = self._report(state)
            return self._writer.signed(state, "claim", f"claim {name}", start=member, device=report)

        answer = self._send(f"claim {name}", compose)
        if not answer.get("waiting"):
            return Request.of(answer)
        return Connecting(answer["action"], answer["partner"], answer["service"], answer["expires_at"])

    def show(self, action: str) -> Request:
        """Get what to show of a claimed request again, with a new challenge."""
        return Request.of(self._signed("show", action=action))

    def approve(
        self, request: Request, code: str | None, *, declined: Iterable[str] = (), remember: bool = False
    ) -> Outcome:
        """Approve with the code, or by fingerprint without one; share all that is asked but `declined`.

        `remember` trusts the browser that began.

        Raises:
            NotUnderstood: part of it cannot be shown; nothing was sent.
            CannotDecline: a required attribute was declined.
            CodeNeeded: something is signed, and no code was given.
            SignerLost: this phone does not hold the certificate that is to sign.
            OtherActivationKey: a certificate is to be made under another key than the scheme publishes.
            Refused: as `wrong_code` the error's fields hold `tries_left` and a new `challenge`.
        """
        if request.strange is not None:
            raise NotUnderstood(f"this phone cannot show all of it ({request.strange}); refuse it")
        off = tuple(declined)
        if code is None and request.signs:
            raise CodeNeeded("only the code signs")
        if code is None:
            report = self._report(self._usable())
            pressed = Approved(request.action, request.shown, request.shared(off), report, remember)
            answer = self.fingers.approve(pressed, request.challenge)
        else:
            purpose = f"approval {request.action} approved"
            answer = self._send(purpose, lambda state: self._approval(state, request, code, off, remember=remember))
        return Outcome(outcome=answer["outcome"], return_url=answer.get("return_url"))

    def reject(self, request: Request, *, not_started: bool = False) -> Outcome:
        """Refuse; `not_started` says that the person did not start this."""
        reason = "not_started" if not_started else "declined"

        def compose(state: State) -> Pending:
            rejected = Approved(request.action, request.shown, (), self._report(state))
            return self._writer.rejection(state, rejected, challenge=request.challenge, reason=reason)

        answer = self._send(f"approval {request.action} rejected", compose)
        return Outcome(outcome=answer["outcome"])

    def reveal(self, action: str, code: str, *, challenge: str) -> Answer:
        """Protected values of a request or history entry in full, costing the code: `values`, a new `challenge`."""
        use = CodeUse(code=code, challenge=challenge)
        return self._send(f"reveal {action}", lambda state: self._writer.reveal(state, action, use))

    # What the phone knows

    def home(self) -> Answer:
        """State of the account, open requests, a challenge, a token for `/watch`."""
        return self._signed("home")

    def history(self, before: int | None = None) -> Answer:
        """Past requests, the latest first; `before` (microseconds) goes further back."""
        return self._signed("history") if before is None else self._signed("history", before=before)

    def browsers(self) -> list[dict[str, Any]]:
        """The browsers this person has trusted: there their number may start a request."""
        return list(self._signed("browsers")["browsers"])

    def forget_browser(self, browser: str) -> bool:
        """Trust a browser no more; says whether it was trusted."""
        return bool(self._signed("forget-browser", browser=browser)["forgotten"])

    # For tests of adversaries

    def copied(self) -> SoftPhone:
        """A second copy of this phone, as a thief of its memory would have it."""
        return SoftPhone(
            MemoryStore(self.state),
            tls=self._tls,
            clock=self._clock,
            ids=self._ids,
            device=self._device,
            patience_seconds=self._channel.patience_seconds,
        )

    def composed(self, request: Request, code: str) -> Pending:
        """An approval as bytes, neither stored nor sent."""
        return self._approval(self._usable(), request, code, ())

    def post(self, message: Pending) -> httpx.Response:
        """Send bytes once and remember nothing."""
        return self._channel.post(self._usable().base, message)

    # Inner parts

    def _approval(
        self, state: State, request: Request, code: str, declined: Iterable[str], *, remember: bool = False
    ) -> Pending:
        shared = request.shared(declined)
        sealing = sealing_of(
            request.confirms,
            state,
            given=request.activation_key,
            published=lambda: self._configurations.fresh(state.base).signature_activation_key,
            salt=lambda: self._ids.octets(SALT_OCTETS),
        )
        approved = Approved(request.action, request.shown, shared, self._report(state), remember, sealing)
        return self._writer.approval(state, approved, CodeUse(code=code, challenge=request.challenge))

    def _signed(self, kind: str, **members: object) -> Answer:
        purpose = f"{kind} {members.get('action', '')}".strip()
        return self._send(purpose, lambda state: self._writer.signed(state, kind, purpose, **members))

    def _send(self, purpose: str, compose: Callable[[State], Pending]) -> Answer:
        self._usable()
        return self._channel.exchange(purpose, compose)

    def _usable(self) -> State:
        state = self.store.load()
        if not state.active:
            raise NoPhone("no phone is activated here")
        return state

    def _report(self, state: State) -> dict[str, str | bool]:
        return (self._device or state.device).report()


def _request(taken: Request | Connecting) -> Request:
    if isinstance(taken, Connecting):
        raise NothingAsked(f"{taken.partner} has not asked anything yet")
    return taken
