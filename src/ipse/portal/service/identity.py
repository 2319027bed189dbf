"""A person's own identity as they see it here: state, phone, ways to sign in, browsers, sheets, data, notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.actions.service import Actions, Messages
from ipse.attributes.model import Facts, Source
from ipse.attributes.service import Attributes
from ipse.audit.model import Line
from ipse.audit.service import Audit, auditing
from ipse.enrolment.model import Wait
from ipse.enrolment.service import Enrolments
from ipse.fallback.service import Fallback
from ipse.fingerprints.service import Fingerprints
from ipse.fraud.model import KnownBrowser
from ipse.kernel.clock import SECOND
from ipse.notices.model import NoticeKind, Reachable, Told
from ipse.notices.service import Delivery
from ipse.panic.model import Sheet
from ipse.panic.service import Panic
from ipse.people.model import Account, BlockReason
from ipse.phones.model import Carrying, StopReason
from ipse.portal.errors import UnknownEntry
from ipse.sim.service import Sims
from ipse.storage.statement import Transaction

SOON: Final = 60 * 86_400 * SECOND
"""Evidence that ends within this time is spoken of."""
_BY_APP: Final = frozenset({"email", "phone_number", "stated_phone_number"})
"""What people change in the app by themselves; all else comes from a registrar."""
_PROTECTED: Final = frozenset({"national_number", "card_number", "document", "place_of_birth", "photo", "citizenship"})
"""What is masked until the code is given; the names of members of `Facts`."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, where it comes from and how it is mended. Times in microseconds."""

    name: str
    value: Any
    protected: bool
    registrar: str | None
    """What people call whoever said it; empty for the person themselves, None where that is not known."""
    verified_at: int | None
    mended: str
    """`app`: in the app; `registrar`: at the source, and then renewed in the app."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an identity rests on. Times in microseconds."""

    registrar: str
    kind: str
    assurance: str
    verified_at: int
    expires_at: int | None


@dataclass(frozen=True)
class Identity:
    """Use cases of looking at one's identity, and of taking away what makes it easier to use."""

    actions: Actions
    messages: Messages
    attributes: Attributes
    enrolments: Enrolments
    sims: Sims
    fingerprints: Fingerprints
    fallback: Fallback
    panic: Panic
    delivery: Delivery
    audit: Audit

    async def account(self, account_id: str) -> Account:
        """The account."""
        return await self.actions.people.account(account_id)

    async def phone(self, account_id: str) -> Carrying | None:
        """The phone that carries the identity."""
        return await self.messages.phones.carrying(account_id)

    async def operator(self, phone: Carrying | None) -> str:
        """What people call the mobile operator of a phone; empty where none is known."""
        if phone is None or phone.sim_operator is None:
            return ""
        every = await self.sims.operators.all()
        return next((each.name for each in every if each.operator_id == phone.sim_operator), phone.sim_operator)

    async def waiting(self, account_id: str) -> Sequence[Wait]:
        """Activations on another phone that this person may still stop, in the app."""
        return await self.enrolments.waiting.of(account_id)

    async def ways(self, account_id: str) -> list[dict[str, Any]]:
        """What stands in for the phone, prepared by its person."""
        account = await self.account(account_id)
        await self.fallback.setups.outlive(account_id, account.activated_at)
        return [*await self.fallback.setups.listed(account_id), *await self.fallback.passkeys.listed(account_id)]

    async def touches(self, phone: Carrying | None) -> list[dict[str, Any]]:
        """Fingerprints and faces that approve on this phone."""
        return [] if phone is None else await self.fingerprints.listed(phone.phone_id)

    async def browsers(self, account_id: str) -> list[KnownBrowser]:
        """Browsers in which this person's number may start a request."""
        return await self.actions.fraud.browsers.all_of(account_id)

    async def sheets(self, account_id: str) -> list[Sheet]:
        """Emergency sheets that count, and who holds them."""
        return await self.panic.sheets(account_id)

    async def told(self, account_id: str) -> list[Told]:
        """What was sent by the second channel, newest first."""
        return await self.delivery.of(account_id)

    async def reachable(self, account_id: str) -> Reachable | None:
        """Where such messages go now."""
        return await self.delivery.reach(account_id)

    async def facts(self, account_id: str) -> list[Fact]:
        """Everything that registrars and the person themselves have said, in the order of the model."""
        facts = await self.attributes.facts(account_id)
        names = await self._registrars()
        found = []
        for name, value in msgspec.to_builtins(facts).items():
            if name == "sources" or (not value and value is not False):
                continue
            source = facts.sources.get(name)
            found.append(
                Fact(
                    name=name,
                    value=value,
                    protected=name in _PROTECTED,
                    registrar=_said_by(source, names),
                    verified_at=None if source is None else source.verified_at,
                    mended="app" if name in _BY_APP else "registrar",
                )
            )
        return found

    async def evidence(self, account_id: str) -> list[Evidence]:
        """What the identity rests on, newest first."""
        names = await self._registrars()
        return [
            Evidence(
                names.get(each.registrar, each.registrar),
                each.route,
                each.assurance,
                each.verified_at,
                each.expires_at,
            )
            for each in reversed(await self.attributes.evidence(account_id))
        ]

    async def looks(self, account_id: str) -> list[Line]:
        """What people who work for the scheme did with this identity, looking included, newest first."""
        return await self.audit.by_others(account_id)

    async def name(self, account_id: str) -> str:
        """How the person is called."""
        facts: Facts = await self.attributes.facts(account_id)
        return " ".join(part for part in (facts.given_name, facts.family_name) if part)

    # --- taking away: none of this makes anything easier for anybody ------------------------------------------

    async def forget_browser(self, account_id: str, browser_id: str) -> None:
        """Trust a browser no more.

        Raises:
            UnknownEntry: it is none of theirs.
        """

        def forgetting() -> Transaction[bool]:
            return (yield from self.actions.fraud.browsers.forgetting(account_id, browser_id))

        if not await self.actions.database.transact(forgetting):
            raise UnknownEntry

    async def remove_touch(self, account_id: str, credential_id: str) -> None:
        """Let a fingerprint or face approve no more; its person is told.

        Raises:
            UnknownEntry: the phone has none of that name.
        """
        phone = await self.phone(account_id)
        if phone is None:
            raise UnknownEntry
        removing = self.fingerprints.removing(phone.phone_id, credential_id)
        now = self.actions.clock.now()

        def transaction() -> Transaction[bool]:
            if not (yield removing):
                return False
            yield from self.messages.notices.telling(account_id, NoticeKind.FINGERPRINT_REMOVED, now=now)
            return True

        if not await self.actions.database.transact(transaction):
            raise UnknownEntry

    async def block(self, account_id: str) -> None:
        """Stop the identity at once: phone, open requests, what partners hold, sessions."""
        await self.messages.block(account_id, BlockReason.BY_PERSON, StopReason.BLOCKED, actor="person")

    # --- after the code ---------------------------------------------------------------------------------------

    async def remove_way(self, account_id: str, setup_id: str) -> None:
        """Take away what stood in for the phone; its person is told.

        Raises:
            UnknownEntry: nothing of theirs has that name.
        """
        made = any(each["setup"] == setup_id for each in await self.fallback.passkeys.listed(account_id))
        removal = (self.fallback.passkeys if made else self.fallback.setups).removal(account_id, setup_id)
        now = self.actions.clock.now()

        def transaction() -> Transaction[bool]:
            if not (yield removal):
                return False
            yield from self.messages.notices.telling(account_id, NoticeKind.FALLBACK_REMOVED, now=now)
            return True

        if not await self.actions.database.transact(transaction):
            raise UnknownEntry

    async def void_sheet(self, account_id: str, sheet_id: str) -> None:
        """Make an emergency sheet worth nothing. Raises UnknownSheet."""
        now = self.actions.clock.now()

        def transaction() -> Transaction[None]:
            yield from self.panic.taking_back(account_id, sheet_id, now=now)
            details = {"sheet": sheet_id}
            yield from auditing(now, actor="person", act="panic.void", subject=account_id, details=details)

        await self.actions.database.transact(transaction)

    async def _registrars(self) -> Mapping[str, str]:
        """What people call those who vouch: registrars for who they are, mobile operators for their number."""
        registrars, operators = await self.enrolments.rows.registrars.all(), await self.sims.operators.all()
        names = {each.operator_id: each.name for each in operators}
        return {**names, **{each.id: each.name for each in registrars}}


def _said_by(source: Source | None, names: Mapping[str, str]) -> str | None:
    if source is None:
        return None
    return "" if source.registrar == "person" else names.get(source.registrar, source.registrar)
