"""The life of an enrolment, from the phone's first message to the identity on it: its steps, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ipse.attributes.service import Attributes
from ipse.enrolment import store
from ipse.enrolment.service.activations import Activations
from ipse.enrolment.service.beginnings import Beginnings
from ipse.enrolment.service.returns import Returns
from ipse.enrolment.service.rows import Rows
from ipse.people.service import People


@dataclass(frozen=True)
class Enrolments:
    """Use cases of enrolment, step by step."""

    rows: Rows
    beginnings: Beginnings
    returns: Returns
    activations: Activations

    @classmethod
    def around(cls, rows: Rows, *, people: People, attributes: Attributes) -> Self:
        """Put the steps together."""
        return cls(rows, Beginnings(rows), Returns(rows, attributes), Activations(rows, people, attributes))

    async def delete_old(self, *, before: int) -> int:
        """Delete enrolments that expired before then (microseconds), however they ended. Returns how many."""
        return len(await self.rows.database.rows(store.DELETE_OLD, before))
