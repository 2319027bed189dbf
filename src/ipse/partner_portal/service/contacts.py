"""Letters to those who answer for a partner: other keys were asked for, its logins need a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from ipse.kernel.clock import SECOND
from ipse.partner_portal import store
from ipse.partner_portal.model import PAGE
from ipse.partners.model import Partner
from ipse.partners.service import PartnerDesk
from ipse.staff.model import Organisation
from ipse.staff.service import Staff
from ipse.statistics.model import Alert, AlertKind
from ipse.statistics.service import Statistics
from ipse.web.languages import Texts
from ipse.web.moments import Moments

QUIET: Final = 86_400 * SECOND
"""A partner hears of its alerts once a day at most."""

log = structlog.get_logger("ipse.partner_portal")


@dataclass(frozen=True, slots=True)
class Contacts:
    """Writes to a partner's contacts, each in the language of the member who has that address, else in English."""

    staff: Staff
    desk: PartnerDesk
    statistics: Statistics
    texts: Mapping[str, Texts]

    async def tell(self, partner: Partner, notice: str, path: str, words: Mapping[str, Mapping[str, str]]) -> None:
        """Write to each contact; `words` are by language. What cannot be delivered stops nothing."""
        members = await self.staff.members(Organisation.PARTNER, partner.partner_id)
        languages = {member.email.lower(): member.language for member in members}
        values = {"name": partner.name, "scheme": self.staff.scheme, "url": f"{self.staff.origin}{PAGE}{path}"}
        for contact in partner.contacts:
            language = languages.get(contact.lower(), "en")
            text, said = self.texts[language].text, {**values, **words[language]}
            try:
                await self.staff.letter(
                    contact,
                    subject=text(f"partner_portal.notice.{notice}.subject", **said),
                    text=text(f"partner_portal.notice.{notice}.text", **said) + "\n",
                    language=language,
                )
            except Exception as error:  # noqa: BLE001 - the mail of one contact stops nothing
                log.warning("contact_not_told", partner=partner.partner_id, error=type(error).__name__)

    async def tell_alerts(self) -> int:
        """Tell partners whose logins need a look, each once a day at most; how many were told. A job."""
        told = 0
        for figures in (await self.statistics.live()).partners:
            if figures.alerts and await self._tell_alerts(figures.partner_id, figures.alerts):
                told += 1
        return told

    async def _tell_alerts(self, partner_id: str, alerts: tuple[Alert, ...]) -> bool:
        partner = await self.desk.partners.partner(partner_id)
        now = self.desk.partners.clock.now()
        if partner is None or not partner.contacts:
            return False
        # One process of several wins, and nobody is told again before a day is over.
        if await self.desk.partners.database.row(store.TELL, partner_id, now, now - QUIET) is None:
            return False
        words = {
            language: {"sentences": "\n".join(_sentence(alert, texts, partner.name) for alert in alerts)}
            for language, texts in self.texts.items()
        }
        await self.tell(partner, "alert", "/requests", words)
        return True


def _sentence(alert: Alert, texts: Texts, name: str) -> str:
    def written(value: float) -> str:
        if alert.kind is AlertKind.SLOW:
            return texts.text("partner_portal.figures.seconds", number=Moments.number(round(value, 1), texts.language))
        return Moments.share(value, texts.language)

    values = {"value": written(alert.value), "threshold": written(alert.threshold)}
    return texts.text(f"partner_portal.alert.{alert.kind}", service=alert.service_code or name, **values)
