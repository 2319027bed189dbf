"""The partners' portal put together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from ipse.app.given import Given
from ipse.app.staff import StaffParts
from ipse.attributes.model import ATTRIBUTES
from ipse.partner_portal import http
from ipse.partner_portal.service import Portal
from ipse.partner_portal.service.applications import Applications, SigningKeys
from ipse.partner_portal.service.contacts import Contacts
from ipse.partners.service import PartnerDesk
from ipse.statistics.service import Statistics
from ipse.web import languages

FALLBACKS: Final = ("eid_card", "bank", "passkey", "totp", "sheet")
"""What may stand in for the phone, in the order in which it is offered."""


def with_partner_portal(
    staff: StaffParts, given: Given, desk: PartnerDesk, statistics: Statistics, signing: SigningKeys
) -> StaffParts:
    """The staff's origin with the partners' portal on it."""
    settings = given.settings
    claims = {
        attribute.name: settings.claim_prefix + attribute.name if attribute.prefixed else attribute.name
        for attribute in ATTRIBUTES.values()
    }
    simulated = settings.simulated
    contacts = Contacts(staff.staff, desk, statistics, languages.load(("ipse.partner_portal",)))
    applications = Applications(desk, staff.reviews, settings.issuer, signing)
    portal = Portal.around(
        desk,
        base=settings.base_url,
        claims=claims,
        fallbacks=FALLBACKS,
        applications=applications,
        contacts=contacts,
        phones=None if simulated is None else Path(simulated.phones),
    )
    staff.reviews.register(*applications.acts())
    inbox = "" if simulated is None else simulated.inbox
    face = http.Desk(portal, staff.staff, staff.sessions, staff.reviews, staff.pages, given.ids, inbox)
    return replace(
        staff,
        faces=(*staff.faces, *http.routes(face, statistics)),
        more_jobs=(
            *staff.more_jobs,
            ("partner_portal.forget", portal.organisations.forget),
            ("partner_portal.tell_alerts", contacts.tell_alerts),
        ),
    )
