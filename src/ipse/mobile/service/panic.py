"""Messages `panic-sheets`, `make-panic-sheet`, `revoke-panic-sheet`: codes that block without this phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ipse.actions.service import Messages
from ipse.kernel.clock import Clock, seconds
from ipse.mobile import rules
from ipse.notices.model import NoticeKind
from ipse.panic.model import PAGE, Sheet
from ipse.panic.service import Panic
from ipse.people.service import People
from ipse.phones.errors import MalformedMessageError
from ipse.phones.model import Answer, Received
from ipse.phones.service import Phones
from ipse.storage.statement import Transaction

_LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class PanicMessages:
    """Sheets, as phones ask for them. Methods take the body of a request and give the answer."""

    phones: Phones
    messages: Messages
    people: People
    panic: Panic
    clock: Clock
    base_url: str

    async def listed(self, body: str) -> Answer:
        """The sheets that count, with a challenge for a change. Never a code."""

        async def handler(received: Received) -> Answer:
            sheets = [_entry(sheet) for sheet in await self.panic.sheets(received.account_id)]
            answer = {"sheets": sheets, "contacts": self.panic.settings.contacts, "challenge": received.challenge}
            return await self.messages.accept(received, answer, challenge=received.challenge)

        return await self.messages.exchange(self.phones.read(body), "panic-sheets", handler)

    async def make(self, body: str) -> Answer:
        """Make a sheet; costs the code. Its code is answered this once."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            contact = _contact(received)
            account_id, now = received.account_id, self.clock.now()
            key = await self.people.person_key(account_id)
            new = self.panic.new_sheet(contact)
            await self.messages.prove(received, opened.proof)
            answer = {**_entry(new.sheet), "code": new.printed, **self._ways()}
            if received.withheld:
                # It looks the same, message and all, and blocks nothing: the real sheet stays good.
                told = self.messages.notices.telling
                return await self.messages.conclude_changing(
                    received, answer, lambda: told(account_id, NoticeKind.PANIC_SHEET_MADE, now=now)
                )
            return await self.messages.conclude_changing(
                received, answer, lambda: self.panic.making(account_id, new, key, now=now)
            )

        return await self.messages.exchange_sealed(opened, "make-panic-sheet", handler)

    async def revoke(self, body: str) -> Answer:
        """Take a sheet back; costs the code."""
        opened = self.phones.open_sealed(body)

        async def handler(received: Received) -> Answer:
            sheet_id, now = rules.text(received.message.members, "sheet"), self.clock.now()
            await self.messages.prove(received, opened.proof)
            answer = {"revoked": sheet_id}

            # Under duress, too: the sheet would be missed in the list, and what it stops is stopped already.
            def revoking() -> Transaction[None]:
                yield from self.panic.taking_back(received.account_id, sheet_id, now=now)

            return await self.messages.conclude_changing(received, answer, revoking)

        return await self.messages.exchange_sealed(opened, "revoke-panic-sheet", handler)

    def _ways(self) -> dict[str, str]:
        return {"page": self.base_url + PAGE, "telephone": self.panic.settings.telephone}


def _entry(sheet: Sheet) -> dict[str, Any]:
    return {
        "sheet": sheet.sheet_id,
        "holder": sheet.holder.value,
        "name": sheet.name,
        "made_at": seconds(sheet.made_at),
    }


def _contact(received: Received) -> str:
    name = received.message.members.get("contact", "")
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not name.isprintable():
        raise MalformedMessageError(public=f"contact is a name of at most {_LONGEST_NAME} characters")
    return name.strip()
