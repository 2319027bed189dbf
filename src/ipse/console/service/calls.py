"""A person on the line: finding their identity, having them prove it, blocking at once, what happened in words.

Until the person has proven that they are on the line, nothing is told but whether there is an identity and whether it
works; blocking needs no proof, because it harms nobody for longer than an activation takes.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.actions.errors import RequestEnded, RequestExpired, RequestPending, ResultFault, UnknownAction
from ipse.actions.model import ActionState, NewAction, Request
from ipse.actions.service import Actions, Messages
from ipse.audit.service import auditing
from ipse.console import rules, store
from ipse.console.errors import CallRefused, NothingFound, NotProven
from ipse.console.model import (
    CALL_SECONDS,
    CALLS_A_DAY,
    CODE_TRIES,
    DOOR,
    PROVEN_SECONDS,
    SERVICE,
    Call,
    CallState,
    Proof,
    What,
)
from ipse.fraud.service.limits import SharedLimits
from ipse.kernel.clock import SECOND
from ipse.kernel.fraud import Fraud, Rate
from ipse.notices.model import Channel
from ipse.notices.service import Delivery
from ipse.people.errors import UnknownAccountError
from ipse.people.model import Account, AccountState
from ipse.sessions.model import PARTNER
from ipse.staff.model import Member
from ipse.standards.phone_numbers import normalised
from ipse.storage.statement import Transaction, one, run
from ipse.web.languages import Texts

_DIGITS: Final = 6


@dataclass(frozen=True)
class HelpDesk:
    """Use cases of support."""

    actions: Actions
    messages: Messages
    delivery: Delivery
    texts: Mapping[str, Texts]
    scheme: str
    limits: SharedLimits

    @staticmethod
    def proofs(actions: Actions) -> SharedLimits:
        """How often a person is asked to prove themselves: three an hour; a member asks thirty an hour."""
        rates = Fraud(number=Rate(burst=3, per_hour=3), partner=Rate(burst=30, per_hour=30))
        return SharedLimits(rates, actions.database, actions.keystore, actions.clock, purpose="calls ")

    async def find(self, typed: str, member: Member) -> Account:
        """The identity that a phone number or an account's id leads to. Looking is written down.

        Raises:
            NotAllowed, NothingFound: not for this member; nobody has it.
        """
        rules.check(member, What.FIND_PERSON)
        people, now = self.actions.people, self.actions.clock.now()
        found: Account | None = None
        if rules.is_number(typed):
            try:
                accounts = await people.accounts_of_number(normalised(rules.international(typed)))
            except ValueError as error:
                raise NothingFound(public=str(error)) from error
            found = accounts[0] if accounts else None
        elif rules.is_account(typed):
            try:
                found = await people.account(typed.strip())
            except UnknownAccountError:
                found = None
        subject = found.account_id if found is not None else "nobody"
        act = "support.find"
        await self.actions.database.transact(lambda: auditing(now, actor=member.actor, act=act, subject=subject))
        if found is None or found.state is AccountState.ARCHIVED:
            raise NothingFound
        return found

    async def account(self, account_id: str, member: Member) -> Account:
        """An identity that was found before.

        Raises:
            NotAllowed, NothingFound: not for this member; there is none.
        """
        rules.check(member, What.FIND_PERSON)
        try:
            return await self.actions.people.account(account_id)
        except UnknownAccountError as error:
            raise NothingFound from error

    async def block(self, account_id: str, member: Member, *, because: str) -> None:
        """Block an identity at once: the one act on a person that a member does alone.

        Raises:
            NotAllowed, NothingFound: not for this member; there is none.
        """
        rules.check(member, What.BLOCK_PERSON)
        await self.account(account_id, member)
        await self.messages.hold(account_id, because=because, actor=member.actor)

    # -- proof that the person is on the line

    async def ask_app(self, account: Account, member: Member) -> Call:
        """Send a request to the person's phone, which they approve after typing the two digits that are read out.

        Raises:
            CallRefused: their phone cannot approve anything now, or they were asked too often.
        """
        rules.check(member, What.FIND_PERSON)
        await self._limited(account, member)
        if account.state is not AccountState.ACTIVE:
            raise CallRefused("not active", public="this identity's phone cannot approve anything: use another proof")
        request = Request(
            partner_name=self.scheme,
            service_name=self._in_all("console.call.service"),
            purpose=self._in_all("console.call.purpose"),
            assurance="basic",
            attributes=(),
            protocol={"door": DOOR},
            language=account.language,
            match=True,
        )
        action = await self.actions.begin(
            NewAction(
                kind="authentication",
                partner_id=PARTNER,
                service_code=SERVICE,
                request=request,
                account_id=account.account_id,
                seconds=CALL_SECONDS,
            )
        )
        return await self._begin(account, member, Proof.APP, action_id=action.action_id)

    async def ask_message(self, account: Account, member: Member) -> tuple[Call, frozenset[Channel]]:
        """Send a code to the number and address that are known of the person, for them to read out.

        Raises:
            CallRefused: no message could be sent, or they were asked too often.
        """
        rules.check(member, What.FIND_PERSON)
        await self._limited(account, member)
        code = f"{int.from_bytes(self.actions.ids.octets(8)) % 10**_DIGITS:0{_DIGITS}d}"

        def written(language: str) -> tuple[str, str]:
            text = self.texts[language if language in self.texts else "en"].text
            values = {"scheme": self.scheme, "code": code}
            return text("console.call.subject", **values), text("console.call.text", **values)

        call = await self._begin(account, member, Proof.MESSAGE, code=code)
        taken = await self.delivery.say(account.account_id, written)
        if not taken:
            raise CallRefused("nothing was taken", public="no message could be sent to this person")
        return call, taken

    async def current(self, account_id: str, member: Member) -> Call | None:
        """The call of this member with this person, looked at anew: one that waits for the app may be proven by now."""
        now = self.actions.clock.now()
        since = now - CALL_SECONDS * SECOND, now - PROVEN_SECONDS * SECOND
        row = await self.actions.database.row(store.CURRENT_CALL, account_id, member.member_id, *since)
        if row is None:
            return None
        call = store.read_call(row)
        if call.state is CallState.ASKED and call.proof is Proof.APP and await self._approved(call):
            await self._prove(call, member)
            row = await self.actions.database.row(store.CALL, call.call_id, member.member_id)
            call = call if row is None else store.read_call(row)
        return call

    async def digits(self, call: Call) -> str:
        """The two digits to read out; empty when the request on the phone has ended without proof."""
        try:
            view = await self.actions.find(call.action_id)
        except UnknownAction:
            return ""
        open_ = view.state in {ActionState.WAITING, ActionState.CLAIMED}
        return self.actions.digits(view.action) if open_ else ""

    async def prove(self, account_id: str, code: str, member: Member) -> None:
        """Judge the code that the person has read out; three tries.

        Raises:
            CallRefused: it is not the code, or there were too many tries.
        """
        call, database = await self.current(account_id, member), self.actions.database
        if call is None or call.proof is not Proof.MESSAGE or call.state is not CallState.ASKED:
            raise CallRefused("no call", public="no code is waited for: send a new one")
        since = self.actions.clock.now() - CALL_SECONDS * SECOND
        row = await database.row(store.TAKE_TRY, call.call_id, member.member_id, CODE_TRIES, since)
        if row is None:
            raise CallRefused("tries", public="too many tries, or too late: send a new code")
        if not hmac.compare_digest(bytes(row["code_hash"]), self._hashed(call.call_id, "".join(code.split()))):
            raise CallRefused("wrong code", public="that is not the code that was sent")
        await self._prove(call, member)

    async def proven(self, account_id: str, member: Member) -> Call:
        """The proof that this person is on the line with this member.

        Raises:
            NotProven: there is none, or not any more.
        """
        call = await self.current(account_id, member)
        if call is None or not call.holds(self.actions.clock.now()):
            raise NotProven
        return call

    async def forget(self) -> int:
        """Delete old calls and views. A job; returns how many."""
        now, database = self.actions.clock.now(), self.actions.database
        calls = await database.rows(store.FORGET_CALLS, now - 86_400 * SECOND)
        return len(calls) + len(await database.rows(store.FORGET_VIEWS, now))

    async def _limited(self, account: Account, member: Member) -> None:
        row = await self.actions.database.row(
            store.CALLS_OF, account.account_id, self.actions.clock.now() - 86_400 * SECOND
        )
        many = row is not None and row["calls"] >= CALLS_A_DAY
        if many or not await self.limits.for_number(account.account_id, member.member_id):
            raise CallRefused("too often", public="too many proofs were asked for: wait an hour, or until tomorrow")

    async def _begin(
        self, account: Account, member: Member, proof: Proof, *, action_id: str = "", code: str = ""
    ) -> Call:
        call_id, now = self.actions.ids.identifier(), self.actions.clock.now()
        hashed = self._hashed(call_id, code) if code else b""
        account_id, values = account.account_id, (call_id, account.account_id, member.member_id, proof)

        def beginning() -> Transaction[None]:
            yield from run(store.BEGIN_CALL, *values, action_id, hashed, now)
            details = {"proof": proof}
            yield from auditing(now, actor=member.actor, act="support.call", subject=account_id, details=details)

        await self.actions.database.transact(beginning)
        return Call(call_id, account_id, member.member_id, proof, CallState.ASKED, action_id, hashed, 0, now, None)

    async def _approved(self, call: Call) -> bool:
        """Whether the person has approved the request on their phone: taken once, and never under duress."""
        try:
            redeemed = await self.actions.redeem_action(call.action_id, PARTNER)
        except (RequestPending, RequestExpired, RequestEnded, ResultFault, UnknownAction):
            return False
        await self.actions.revoke(redeemed.access_token, PARTNER)
        return True

    async def _prove(self, call: Call, member: Member) -> None:
        now = self.actions.clock.now()

        def proving() -> Transaction[bool]:
            row = yield from one(store.PROVE_CALL, call.call_id, now, now - CALL_SECONDS * SECOND)
            if row is not None:
                details, subject = {"proof": call.proof}, call.account_id
                yield from auditing(now, actor=member.actor, act="support.proven", subject=subject, details=details)
            return row is not None

        if not await self.actions.database.transact(proving):
            raise CallRefused("over", public="this took too long: ask for another proof")

    def _hashed(self, call_id: str, code: str) -> bytes:
        return hmac.digest(
            self.actions.keystore.working_key("staff"), f"call\x00{call_id}\x00{code}".encode(), "sha256"
        )

    def _in_all(self, id_: str) -> dict[str, str]:
        return {language: texts.text(id_, scheme=self.scheme) for language, texts in self.texts.items()}
