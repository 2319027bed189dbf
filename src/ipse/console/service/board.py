"""Every switch in one place, whatever holds it (B-72): where it stands, and turning it."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.console.model import Switch, SwitchKind
from ipse.enrolment.errors import RegistrarRefusedError
from ipse.enrolment.model import RegistrarState
from ipse.enrolment.service.registrars import Registrars
from ipse.partners.service import Partners
from ipse.phones.service import Phones
from ipse.signing.errors import UnknownCredential
from ipse.signing.service.credentials import Credentials
from ipse.sim.errors import UnknownOperatorError
from ipse.sim.model import OperatorState
from ipse.sim.service.operators import Operators
from ipse.storage.statement import Transaction
from ipse.switches.errors import SwitchRefused
from ipse.switches.model import EVERY, Kind
from ipse.switches.service import Switches

_OWN = {
    SwitchKind.PHONE_MODEL: Kind.PHONE_MODEL,
    SwitchKind.APP_VERSION: Kind.APP_VERSION,
    SwitchKind.SIGNING_KEY: Kind.SIGNING_KEY,
    SwitchKind.SIGNATURES: Kind.SIGNATURES,
}


@dataclass(frozen=True)
class Board:
    """Use cases of switches. A person's is not among them: support blocks alone, and a release has its own act."""

    switches: Switches
    partners: Partners
    registrars: Registrars
    operators: Operators
    phones: Phones
    credentials: Credentials

    async def all(self) -> dict[SwitchKind, list[Switch]]:
        """Every switch that has a name already, by kind."""
        await self.switches.load()
        return {
            SwitchKind.SIGNATURES: [self._own(SwitchKind.SIGNATURES, EVERY)],
            SwitchKind.PARTNER: [
                Switch(SwitchKind.PARTNER, each.partner_id, each.name, off=each.state != "active")
                for each in await self.partners.partners()
            ],
            SwitchKind.BANK: [
                Switch(SwitchKind.BANK, each.id, each.name, off=each.state is RegistrarState.STOPPED)
                for each in await self.registrars.all()
            ],
            SwitchKind.MOBILE_OPERATOR: [
                Switch(SwitchKind.MOBILE_OPERATOR, each.operator_id, each.name, off=each.state is OperatorState.STOPPED)
                for each in await self.operators.all()
            ],
            SwitchKind.PHONE_MODEL: self._counted(SwitchKind.PHONE_MODEL, await self.phones.models()),
            SwitchKind.APP_VERSION: self._counted(SwitchKind.APP_VERSION, await self.phones.app_versions()),
            SwitchKind.SIGNING_KEY: [
                self._own(SwitchKind.SIGNING_KEY, each.name)
                for each in self.switches.off()
                if each.kind is Kind.SIGNING_KEY
            ],
        }

    async def find(self, kind: SwitchKind, name: str) -> Switch:
        """One switch as it stands; a model or version that no phone has is one, too.

        Raises:
            SwitchRefused: there is nothing of this name.
        """
        for each in (await self.all()).get(kind, []):
            if each.name == name:
                return each
        if kind is SwitchKind.SIGNING_KEY:
            try:
                await self.credentials.find(name)
            except UnknownCredential as error:
                raise SwitchRefused(public="there is no signing key of this id", field="name") from error
        if kind not in _OWN:
            raise SwitchRefused(public=f"there is no {kind} {name}", field="name")
        return self._own(kind, name)

    def turning(self, kind: SwitchKind, name: str, *, off: bool, because: str, actor: str) -> Transaction[object]:
        """Inside a transaction: switch something off, or on again. Call `turned` afterwards.

        Raises:
            SwitchRefused: it stands like that already, or there is no such thing.
        """
        if kind in _OWN:
            yield from self.switches.turning(_OWN[kind], name, off=off, because=because, actor=actor)
            return None
        if kind is SwitchKind.PARTNER:
            state = "stopped" if off else "active"
            if not (yield from self.partners.setting_state(name, state, actor=actor)):
                raise SwitchRefused(public=f"the partner is {state} already")
            return None
        try:
            if kind is SwitchKind.BANK:
                turn = self.registrars.stopping if off else self.registrars.starting
                return (yield from turn(name, actor=actor))
            if kind is SwitchKind.MOBILE_OPERATOR:
                state_ = OperatorState.STOPPED if off else OperatorState.ACTIVE
                return (yield from self.operators.turning(name, state_, actor=actor))
        except (RegistrarRefusedError, UnknownOperatorError) as error:
            raise SwitchRefused(public=error.public) from error
        raise SwitchRefused(public="a person is blocked and released, not switched")

    async def turned(self, kind: SwitchKind, name: str) -> None:
        """After a change: in force here at once, elsewhere within seconds."""
        if kind in _OWN:
            await self.switches.wake()
        elif kind is SwitchKind.PARTNER:
            self.partners.forget_partner(name)

    def _own(self, kind: SwitchKind, name: str, *, count: int | None = None) -> Switch:
        for each in self.switches.off():
            if (each.kind, each.name) == (_OWN[kind], name):
                return Switch(kind, name, name, off=True, because=each.because, since=each.since, count=count)
        return Switch(kind, name, name, off=False, count=count)

    def _counted(self, kind: SwitchKind, counts: dict[str, int]) -> list[Switch]:
        """Those that phones have, and those that are off though none has them."""
        off = {each.name: counts.get(each.name, 0) for each in self.switches.off() if each.kind is _OWN[kind]}
        return [self._own(kind, name, count=count) for name, count in {**counts, **off}.items()]
