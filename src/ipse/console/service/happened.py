"""What happened to an identity, in words: accounts, phones, SIM, what the person was told, and requests without values.

Nothing here opens anything that is sealed: neither code nor documents nor what was shared can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Final

import msgspec

from ipse.actions.service.histories import glimpses
from ipse.audit.model import Wanted
from ipse.audit.service import Audit
from ipse.console.model import Call, Happened, Proof
from ipse.console.service.calls import HelpDesk
from ipse.kernel.clock import SECOND
from ipse.people.model import Account, BlockReason
from ipse.phones.model import Past, PhoneState
from ipse.phones.service import Phones
from ipse.staff.model import Member, Role

_MOST: Final = 60
_ACTS: Final = frozenset({"account.block", "account.hold", "account.release", "phone.move", "enrolment.object"})


@dataclass(frozen=True)
class Histories:
    """Puts it together."""

    desk: HelpDesk
    phones: Phones
    audit: Audit

    async def of(self, account: Account, member: Member, call: Call, *, language: str) -> list[Happened]:
        """What happened, newest first. Which partners were asked is told only to a person who approved in their app."""
        account_id = account.account_id
        lines = [Happened(account.created_at, "created")]
        if account.activated_at:
            lines.append(Happened(account.activated_at, "activated"))
        for line in await self.audit.find(Wanted(subject=account_id), most=200):
            if line.act in _ACTS:
                details = msgspec.json.decode(line.details, type=dict[str, object])
                why = reason(str(details.get("why", "")), member)
                lines.append(Happened(line.at, line.act, {"why": why}))
        told = await self.desk.delivery.of(account_id, forced=Role.SECURITY in member.roles)
        requests = await glimpses(self.desk.actions, account_id, language) if call.proof is Proof.APP else []
        found = chain(
            lines,
            self._phones(await self.phones.of_account(account_id)),
            (Happened(each.created_at, "told", {"kind": each.kind}) for each in told),
            (
                Happened(
                    each.at * SECOND,
                    "request",
                    {"partner": each.partner, "service": each.service, "outcome": each.outcome},
                )
                for each in requests
            ),
        )
        return sorted(found, key=lambda each: each.at, reverse=True)[:_MOST]

    @staticmethod
    def _phones(phones: list[Past]) -> list[Happened]:
        found = []
        for phone in phones:
            values = {"model": phone.model, "app": phone.app_version, "protection": phone.key_protection}
            found.append(Happened(phone.created_at, "phone", values))
            if phone.state is PhoneState.STOPPED:
                found.append(Happened(phone.changed_at, "phone_stopped", {"why": phone.why or ""}))
        return found


def reason(why: str, member: Member) -> str:
    """Why an identity is blocked, as this member may know: of a duress code only security does.

    Whoever forces a person may be listening.
    """
    hidden = why == BlockReason.DURESS and Role.SECURITY not in member.roles
    return BlockReason.BY_PERSON.value if hidden else why
