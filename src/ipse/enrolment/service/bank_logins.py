"""A log-in at a bank that only says who somebody is: it enrols nobody, and nothing of the bank's answer is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.enrolment.errors import RegistrarError
from ipse.enrolment.model import Exchange, Registrar, RegistrarKind
from ipse.enrolment.rules import judging, reading
from ipse.enrolment.service.rows import Rows
from ipse.kernel.ids import b64u, sha256
from ipse.people.service import People

STATE_PREFIX: Final = "login."
"""What the `state` of such a visit begins with: banks know one return address of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A browser's visit at a bank: where it goes, and what its return must fit."""

    url: str
    state: str
    exchange: Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """Whom a bank has named, if we know them, and how sure it is."""

    account_id: str | None
    level: str
    answer_sha256: str


@dataclass(frozen=True)
class BankLogins:
    """Use cases of those who send a person to a bank to prove themselves."""

    rows: Rows
    people: People

    async def banks(self) -> list[Registrar]:
        """The banks that may vouch for somebody now."""
        return [each for each in await self.rows.registrars.active() if each.kind is RegistrarKind.BANK]

    async def leave(self, registrar_id: str, *, language: str, text: str) -> Away:
        """Begin a visit; `text` says on the bank's page what the person is doing.

        Raises:
            RegistrarStoppedError, RegistrarError: the bank is stopped, or refuses.
        """
        registrar = await self.rows.registrar(registrar_id)
        if registrar.kind is not RegistrarKind.BANK:
            raise RegistrarError(f"{registrar_id} is no bank")
        ids = self.rows.ids
        exchange = Exchange(nonce=ids.secret(), verifier=ids.secret())
        state = STATE_PREFIX + ids.secret()
        url = await self.rows.banks(registrar).push(
            state=state, exchange=exchange, claims=reading.RECOGNISING, language=language, activation_text=text
        )
        return Away(url=url, state=state, exchange=exchange)

    async def come_back(self, registrar_id: str, parameters: Mapping[str, str], exchange: Exchange) -> Recognised:
        """Take a bank's return: whom it names.

        Raises:
            RefusedByPersonError, RegistrarError, RegistrarStoppedError: nobody.
        """
        registrar = await self.rows.registrar(registrar_id)
        code = reading.code_of(parameters, registrar.issuer)
        said = await self.rows.banks(registrar).redeem(code, exchange)
        verified = reading.verified_claims(said, registrar, now=self.rows.clock.now())
        identity = judging.identity(reading.facts(verified, email=None), reading.register_number(verified))
        return Recognised(
            account_id=await self.people.account_of_identity(identity),
            # What the bank says of this person, as at an enrolment: its row is only the most that is believed.
            level=judging.assurance(verified.assurance_level, cap=registrar.assurance),
            answer_sha256=b64u(sha256(said.original)),
        )
