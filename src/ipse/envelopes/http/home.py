"""The first page: bring documents, and see what one has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.envelopes.errors import DocumentRefused, EnvelopeRefused
from ipse.envelopes.http.desk import Desk
from ipse.envelopes.http.uploading import files_of
from ipse.envelopes.model import PAGE, EnvelopeState, Full
from ipse.envelopes.rules import turns
from ipse.kernel.errors import PlatformError
from ipse.web.pages import language_of


@dataclass(frozen=True, slots=True)
class Home:
    """`/envelopes`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """Everything a person has here."""
        return await self._page(request)

    async def bring(self, request: Request) -> Response:
        """Begin a draft with the files that were brought."""
        session = await self.desk.who(request)
        try:
            files = await files_of(request, self.desk.envelopes.papers)
            envelope_id = await self.desk.envelopes.drafts.bring(session.account_id, files, language_of(request))
        except (DocumentRefused, EnvelopeRefused) as error:
            return self.desk.refused(request, error) or await self._page(request, error)
        return self.desk.to(request, f"{PAGE}/{envelope_id}")

    async def _page(self, request: Request, problem: PlatformError | None = None) -> Response:
        session = await self.desk.who(request)
        every = await self.desk.envelopes.reading.all(session.account_id)
        yours = [full for full in every if _your_turn(full, session.account_id)]
        return self.desk.render(
            request,
            "home",
            status=200 if problem is None else problem.status,
            problem="" if problem is None else self.desk.sentence(request, problem),
            name=await self.desk.envelopes.names.of(session.account_id),
            groups=[(name, found) for name, found in _groups(every, yours) if found],
            account=session.account_id,
        )


def _your_turn(full: Full, account_id: str) -> bool:
    if full.envelope.state is not EnvelopeState.OPEN:
        return False
    due = turns.turns(full.signers, in_order=full.envelope.in_order)
    return any(signer.account_id == account_id for signer in due)


def _groups(every: Sequence[Full], yours: Sequence[Full]) -> list[tuple[str, list[Full]]]:
    rest = [full for full in every if full not in yours]
    under_way = {EnvelopeState.DRAFT, EnvelopeState.OPEN}
    return [
        ("yours", list(yours)),
        ("under_way", [full for full in rest if full.envelope.state in under_way]),
        ("done", [full for full in rest if full.envelope.state not in under_way]),
    ]
