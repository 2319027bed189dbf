"""The operators' console put together, on the staff's origin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ipse.app.incidents import open_incidents, open_refusals
from ipse.audit.service import Audit
from ipse.console import http as console_http
from ipse.console.service import Acts, Board, Console, HelpDesk, Histories, Institutions, Views
from ipse.web import languages

if TYPE_CHECKING:
    from ipse.app.features import Features
    from ipse.app.given import Given
    from ipse.app.staff import StaffParts


def with_console(staff: StaffParts, given: Given, features: Features) -> StaffParts:
    """The staff's origin with the console in it, and its acts known to the reviews."""
    console = open_console(staff, given, features)
    staff.reviews.register(*console.acts.all())
    return replace(
        staff,
        faces=(*staff.faces, *console_http.routes(console, staff.pages)),
        more_jobs=(*staff.more_jobs, ("console.forget", console.help_desk.forget)),
    )


def open_console(staff: StaffParts, given: Given, features: Features) -> Console:
    """Everything behind its pages."""
    database, clock = given.database, given.clock
    audit = Audit(database, clock)
    texts = languages.load(("ipse.console",))
    limits = HelpDesk.proofs(features.actions)
    help_desk = HelpDesk(features.actions, features.messages, features.delivery, texts, given.settings.name, limits)
    board = Board(
        features.switches,
        features.partners,
        features.registrars,
        features.sims.operators,
        features.phones,
        features.signing.credentials,
    )
    incidents, duties = open_incidents(given.settings, database, given.keystore, clock, given.ids)
    views = Views(database, features.people, features.attributes, clock, features.messages.notices)
    return Console(
        staff=staff.staff,
        sessions=staff.sessions,
        reviews=staff.reviews,
        help_desk=help_desk,
        histories=Histories(help_desk, features.phones, audit),
        views=views,
        board=board,
        institutions=Institutions(
            database, clock, features.registrars, features.attributes, features.people, features.sims
        ),
        acts=Acts(board, views, features.messages, staff.staff, staff.reviews),
        audit=audit,
        anchor=given.settings.audit.anchor,
        desk=features.desk,
        incidents=incidents,
        duties=duties,
        statistics=features.statistics,
        refusals=open_refusals(database, clock, features.desk.log),
    )
