"""The page of one envelope, whatever its state, and its forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.documents.errors import DocumentsUnavailable
from ipse.envelopes.errors import DocumentRefused, EnvelopeRefused
from ipse.envelopes.http.desk import Desk
from ipse.envelopes.http.uploading import files_of
from ipse.envelopes.model import PAGE, AttemptState, EnvelopeState, Full, Signer, SignerState
from ipse.envelopes.rules import forms, marks, turns
from ipse.envelopes.service import Wishes
from ipse.kernel.clock import day
from ipse.kernel.errors import PlatformError
from ipse.sessions import Session
from ipse.signing.errors import SigningUnavailable
from ipse.web import cookies
from ipse.web.forms import read_own_form

_ABOUT_PEOPLE: Final = {"add", "join", "up", "out"}
"""Buttons after which the page is shown where it was: at the people who sign."""
_FAILED: Final = {"rejected", "cancelled", "expired", "late", "lost", "impossible", "level", "declined"}
"""Why a try came to nothing, where there is a sentence for it."""
_NOTHING_TYPED: Final = dict.fromkeys(("name", "email", "title", "message", "deadline"), "")


@dataclass(frozen=True, slots=True)
class EnvelopePages:
    """`/envelopes/{envelope}`."""

    desk: Desk

    async def page(self, request: Request) -> Response:
        """The envelope as this person sees it."""
        return await self._page(request)

    async def change(self, request: Request) -> Response:
        """One button of a draft: what was typed is kept whichever it is."""
        session, fields = await self.desk.who(request), await read_own_form(request)
        envelope_id, wishes = request.path_params["envelope"], _wishes(fields)
        do, _, which = fields.get("do", "").partition(":")
        try:
            await self._do(session, envelope_id, wishes, (do, which), fields)
        except EnvelopeRefused as error:
            return await self._page(request, error, typed=fields)
        if do == "sign":
            return await self._begin(request, envelope_id)
        return self.desk.to(request, f"{PAGE}/{envelope_id}", "who" if do in _ABOUT_PEOPLE else "")

    async def add(self, request: Request) -> Response:
        """More files for a draft."""
        session, envelope_id = await self.desk.who(request), request.path_params["envelope"]
        try:
            files = await files_of(request, self.desk.envelopes.papers)
            await self.desk.envelopes.drafts.add(envelope_id, session.account_id, files)
        except (DocumentRefused, EnvelopeRefused) as error:
            return self.desk.refused(request, error) or await self._page(request, error)
        return self.desk.to(request, f"{PAGE}/{envelope_id}")

    async def sign(self, request: Request) -> Response:
        """Ask this person's phone."""
        session, fields = await self.desk.who(request), await read_own_form(request)
        envelope_id = request.path_params["envelope"]
        await self._word(session, envelope_id, fields)
        return await self._begin(request, envelope_id)

    async def go_on(self, request: Request) -> Response:
        """After the phone: the next question, or the envelope."""
        envelope_id, visit = request.path_params["envelope"], await self.desk.visit(request)
        try:
            handle = await self.desk.envelopes.attempts.go_on(envelope_id, visit)
        except (SigningUnavailable, DocumentsUnavailable):
            return self.desk.to(request, f"{PAGE}/{envelope_id}")
        return self.desk.to(request, f"{PAGE}/{envelope_id}" if handle is None else f"/v2/sign-in/{handle}")

    async def decline(self, request: Request) -> Response:
        """Refuse to sign."""
        session, fields = await self.desk.who(request), await read_own_form(request)
        envelope_id = request.path_params["envelope"]
        await self.desk.envelopes.parties.decline(envelope_id, session.account_id, fields.get("why", ""))
        return self.desk.to(request, f"{PAGE}/{envelope_id}")

    async def withdraw(self, request: Request) -> Response:
        """End it as its owner."""
        session, _ = await self.desk.who(request), await read_own_form(request)
        envelope_id = request.path_params["envelope"]
        await self.desk.envelopes.parties.withdraw(envelope_id, session.account_id)
        return self.desk.to(request, f"{PAGE}/{envelope_id}")

    async def remind(self, request: Request) -> Response:
        """Write to a signer once more."""
        session, fields = await self.desk.who(request), await read_own_form(request)
        envelope_id = request.path_params["envelope"]
        await self.desk.envelopes.parties.remind(envelope_id, session.account_id, fields.get("signer", ""))
        return self.desk.to(request, f"{PAGE}/{envelope_id}")

    async def delete(self, request: Request) -> Response:
        """Delete it as its owner."""
        session, _ = await self.desk.who(request), await read_own_form(request)
        await self.desk.envelopes.parties.delete(request.path_params["envelope"], session.account_id)
        return self.desk.to(request, PAGE)

    # --- between ---------------------------------------------------------------------------------------------

    async def _do(
        self, session: Session, envelope_id: str, wishes: Wishes, button: tuple[str, str], fields: dict[str, str]
    ) -> None:
        drafts, account_id, (do, which) = self.desk.envelopes.drafts, session.account_id, button
        await self._word(session, envelope_id, fields)
        if do in {"sign", "send"}:
            if fields.get("name", "").strip():
                await drafts.invite(envelope_id, account_id, fields["name"], fields.get("email", ""))
            return await drafts.open(envelope_id, account_id, wishes)
        await drafts.change(envelope_id, account_id, wishes)
        if do == "add":
            await drafts.invite(envelope_id, account_id, fields.get("name", ""), fields.get("email", ""))
        elif do == "join":
            await drafts.join(envelope_id, account_id)
        elif do == "up":
            await drafts.move_up(envelope_id, account_id, which)
        elif do == "out":
            await drafts.uninvite(envelope_id, account_id, which)
        elif do == "remove":
            await drafts.remove(envelope_id, account_id, which)
        return None

    async def _word(self, session: Session, envelope_id: str, fields: dict[str, str]) -> None:
        if "reason" not in fields:
            return
        await self.desk.envelopes.drafts.word(
            envelope_id,
            session.account_id,
            reason=fields["reason"],
            role=fields.get("role", ""),
            commitment=fields.get("commitment", ""),
        )

    async def _begin(self, request: Request, envelope_id: str) -> Response:
        handle = await self.desk.envelopes.attempts.begin(envelope_id, await self.desk.visit(request))
        return self.desk.to(request, f"{PAGE}/{envelope_id}" if handle is None else f"/v2/sign-in/{handle}")

    async def _page(
        self, request: Request, problem: PlatformError | None = None, typed: dict[str, str] | None = None
    ) -> Response:
        session = await self.desk.who(request)
        full = await self.desk.envelopes.reading.full(request.path_params["envelope"], session.account_id)
        context = await self._context(full, session, cookies.browser_hash(request, self.desk.ids))
        draft = full.envelope.state is EnvelopeState.DRAFT
        return self.desk.render(
            request,
            "draft" if draft else "envelope",
            status=200 if problem is None else problem.status,
            problem="" if problem is None else self.desk.sentence(request, problem),
            typed={**_NOTHING_TYPED, **(typed or {})},
            commitments=tuple(forms.COMMITMENTS),
            **context,
        )

    async def _context(self, full: Full, session: Session, browser_hash: bytes) -> dict[str, Any]:
        envelope, now = full.envelope, self.desk.envelopes.drafts.vault.clock.now()
        me, owner = full.signer_of(session.account_id), envelope.account_id == session.account_id
        due = turns.turns(full.signers, in_order=envelope.in_order)
        running = envelope.state is EnvelopeState.OPEN and not turns.over(envelope, now)
        return {
            "full": full,
            "envelope": envelope,
            "me": me,
            "owner": owner,
            "my_turn": running and me in due,
            "due": [signer.signer_id for signer in due] if running else [],
            "last": await self._last(full, me, browser_hash),
            "invitations": self._links(full) if owner and running else {},
            "marks": {
                document.document_id: marks.place_of(
                    document.paper,
                    me.party.marks.get(document.document_id) or marks.usual(document.paper, me.place - 1),
                )
                for document in full.documents
                if me is not None
            },
            "until": day(envelope.deadline).isoformat() if envelope.deadline else "",
            "steps": () if envelope.state is EnvelopeState.DRAFT else await self._steps(full),
        }

    async def _last(self, full: Full, me: Signer | None, browser_hash: bytes) -> str:
        """What is to be told of this person's last try: nothing, how far it is, or why it failed."""
        attempts = self.desk.envelopes.attempts
        attempt = await attempts.newest(full, me) if me is not None and me.state is SignerState.WAITING else None
        if attempt is None or attempt.state is AttemptState.DONE:
            return ""
        if attempt.state is AttemptState.ASKED:
            return str(await attempts.standing(attempt, browser_hash))
        return attempt.why if attempt.why in _FAILED else "failed"

    def _links(self, full: Full) -> dict[str, str]:
        parties = self.desk.envelopes.parties
        return {
            signer.signer_id: parties.link(full, signer)
            for signer in full.signers
            if signer.state is SignerState.WAITING and signer.account_id is None
        }

    async def _steps(self, full: Full) -> list[dict[str, Any]] | None:
        names = {signer.signer_id: signer.party.name for signer in full.signers}
        steps = await self.desk.envelopes.reading.record.steps(full)
        if steps is None:
            return None
        return [{"kind": str(step.kind), "at": step.at, "who": names.get(step.signer_id or "", "")} for step in steps]


def _wishes(fields: dict[str, str]) -> Wishes:
    return Wishes(
        title=fields.get("title", ""),
        message=fields.get("message", ""),
        in_order=fields.get("order") == "one",
        same_email=fields.get("same_email") == "yes",
        deadline=fields.get("deadline", ""),
    )
