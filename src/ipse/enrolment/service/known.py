"""Finding who is known already, for those who prove a person without enrolling them."""

from __future__ import annotations

from ipse.enrolment.rules import judging
from ipse.people.service import People


async def account_of_number(people: People, country: str, register_number: str) -> str | None:
    """The living account of the person with this number in this country's register; None where there is none."""
    return await people.account_of_identity(judging.by_number(country, register_number))
