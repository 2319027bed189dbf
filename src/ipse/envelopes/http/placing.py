"""One document, page by page, and where one's own signature shows in it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ipse.envelopes.errors import EnvelopeRefused, UnknownEnvelope
from ipse.envelopes.http.desk import Desk
from ipse.envelopes.model import PAGE, Document, EnvelopeState, Full, Mark, Signer, SignerState
from ipse.envelopes.rules import marks
from ipse.kernel.errors import PlatformError
from ipse.web.forms import read_own_form


@dataclass(frozen=True, slots=True)
class Places:
    """`/envelopes/{envelope}/documents/{document}`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """One page of the document, with the box of one's signature."""
        full, document, me = await self._found(request)
        return self._page(request, full, document, me)

    async def place(self, request: Request) -> Response:
        """Take the place: one of nine, a box that was drawn, or nowhere; or show another page."""
        fields = await read_own_form(request)
        full, document, me = await self._found(request)
        if me is None:
            raise UnknownEnvelope
        here = f"{PAGE}/{full.envelope.envelope_id}"
        try:
            page = _number(fields.get("page", ""))
            mark = _mark(document, page, fields)
        except EnvelopeRefused as error:
            return self._page(request, full, document, me, problem=error)
        session = await self.desk.who(request)
        drafts = self.desk.envelopes.drafts
        await drafts.mark(full.envelope.envelope_id, session.account_id, document.document_id, mark)
        if fields.get("everywhere") == "yes":
            for other in full.documents:
                if other.document_id != document.document_id and fields.get("place") in {
                    *marks.PLACES,
                    marks.INVISIBLE,
                }:
                    same = marks.at_place(other.paper, min(page, other.paper.pages), fields["place"])
                    await drafts.mark(full.envelope.envelope_id, session.account_id, other.document_id, same)
        return self.desk.to(request, here)

    async def _found(self, request: Request) -> tuple[Full, Document, Signer | None]:
        session = await self.desk.who(request)
        full = await self.desk.envelopes.reading.full(request.path_params["envelope"], session.account_id)
        document = full.document(request.path_params["document"])
        if document is None:
            raise UnknownEnvelope
        return full, document, full.signer_of(session.account_id)

    def _page(
        self,
        request: Request,
        full: Full,
        document: Document,
        me: Signer | None,
        problem: PlatformError | None = None,
    ) -> Response:
        state = full.envelope.state
        placing = (
            me is not None and me.state is SignerState.WAITING and state in {EnvelopeState.DRAFT, EnvelopeState.OPEN}
        )
        mark = Mark()
        if me is not None:
            mark = me.party.marks.get(document.document_id) or marks.usual(document.paper, me.place - 1)
        asked = request.query_params.get("page", "")
        page = int(asked) if asked.isdecimal() and len(asked) < 6 else mark.page if placing else 1
        page = min(max(page, 1), document.paper.pages)
        return self.desk.render(
            request,
            "document",
            status=200 if problem is None else problem.status,
            problem="" if problem is None else self.desk.sentence(request, problem),
            full=full,
            document=document,
            envelope=full.envelope,
            placing=placing,
            page=page,
            size=document.paper.sizes[page - 1],
            mark=mark,
            place=marks.place_of(document.paper, mark),
            smallest=marks.SMALLEST,
            usual=marks.usual_size(document.paper.sizes[page - 1]),
            places=marks.PLACES,
        )


def _mark(document: Document, page: int, fields: dict[str, str]) -> Mark:
    place = fields.get("place", "")
    if place != marks.DRAWN:
        return marks.at_place(document.paper, page, place)
    return marks.drawn(
        document.paper,
        page,
        (
            _part(fields.get("left", "")),
            _part(fields.get("top", "")),
            _part(fields.get("width", "")),
            _part(fields.get("height", "")),
        ),
    )


def _part(typed: str) -> float:
    try:
        return float(typed[:20])
    except ValueError as error:
        raise EnvelopeRefused("no number", why="place") from error


def _number(typed: str) -> int:
    if not typed.isdecimal() or len(typed) > 5:
        raise EnvelopeRefused("no page", why="page")
    return int(typed)
