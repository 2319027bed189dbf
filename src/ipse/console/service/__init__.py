"""Use cases of the console.

`calls` with people on the line, what `happened` to their identity in words, `views` of their data that two allowed, the
`board` of switches, `institutions` that see their own, `acts` that need a second person.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipse.audit.service import Audit
from ipse.console.service.acts import Acts
from ipse.console.service.board import Board
from ipse.console.service.calls import HelpDesk
from ipse.console.service.happened import Histories
from ipse.console.service.institutions import Institutions
from ipse.console.service.views import Views
from ipse.incidents.service import Incidents
from ipse.incidents.service.duties import Duties
from ipse.incidents.service.refusals import Refusals
from ipse.partners.service import PartnerDesk
from ipse.staff.service import Reviews, Staff, StaffSessions
from ipse.statistics.service import Statistics

__all__ = ["Acts", "Board", "Console", "HelpDesk", "Histories", "Institutions", "Views"]


@dataclass(frozen=True)
class Console:
    """Everything behind its pages."""

    staff: Staff
    sessions: StaffSessions
    reviews: Reviews
    help_desk: HelpDesk
    histories: Histories
    views: Views
    board: Board
    institutions: Institutions
    acts: Acts
    audit: Audit
    anchor: str
    """File of heads of the audit log outside the database; empty: none."""
    desk: PartnerDesk
    incidents: Incidents
    duties: Duties
    statistics: Statistics
    refusals: Refusals
