"""What is done now and then."""

from __future__ import annotations

from ipse.incidents.service.duties import Duties


async def remind_of_duties(duties: Duties) -> int:
    """Remind of duties whose time is half over, four fifths over, or over."""
    return await duties.remind()
