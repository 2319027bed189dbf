"""Support: a person on the line, and what two members may look at."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ipse.console import rules
from ipse.console.errors import NothingFound, NotProven
from ipse.console.http.desk import Desk, route
from ipse.console.model import HOME, CallState, Proof, What
from ipse.console.service.acts import RELEASE, VIEW
from ipse.console.service.happened import reason
from ipse.kernel.errors import PlatformError
from ipse.people.model import Account, AccountState
from ipse.staff.errors import ReviewRefused
from ipse.staff.model import Member
from ipse.web.pages import language_of
from ipse.web.routes import Route


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on, what = _Endpoints(desk), What.FIND_PERSON
    return [
        route("/people", desk.reading(on.page, what)),
        route("/people", desk.changing(on.find, on.page, what), "POST"),
        route("/people/{account}", desk.reading(on.person, what)),
        route("/people/{account}", desk.changing(on.change, on.person, what), "POST"),
        route("/people/{account}/call", desk.reading(on.call, what)),
        route("/people/{account}/data", desk.changing(on.data, on.person, What.VIEW_DATA), "POST"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def page(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """Where somebody is looked for."""
        return await self.desk.show(request, member, "people", section="/people", problem=problem)

    async def find(self, _request: Request, member: Member, fields: dict[str, str]) -> str:
        """A number stands in no address: it comes in a form, and the identity's page has its id."""
        account = await self.desk.console.help_desk.find(fields.get("who", "")[:80], member)
        return f"{HOME}/people/{account.account_id}"

    async def person(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """One identity: as much of it as this moment allows."""
        console, account = self.desk.console, await self._account(request, member)
        call = await console.help_desk.current(account.account_id, member)
        happened, credentials, digits = [], [], ""
        proven = call is not None and call.state is CallState.PROVEN
        if call is not None and proven:
            happened = await console.histories.of(account, member, call, language=language_of(request))
        if call is not None and not proven and call.proof is Proof.APP:
            digits = await console.help_desk.digits(call)
        if rules.may(member, What.TURN_SWITCH):
            credentials = await console.board.credentials.of(account.account_id)
        return await self.desk.show(
            request, member, "person", section="/people", problem=problem, account=account, call=call, proven=proven,
            digits=digits, happened=happened, credentials=credentials, hint=rules.hint(account.account_id),
            here=f"{HOME}/people/{account.account_id}", why=reason(account.why or "", member),
            active=account.state is AccountState.ACTIVE, held=account.why == "by_operator",
            view_until=await console.views.until(account.account_id, member),
            reviews=[
                each
                for kind in (RELEASE, VIEW)
                for each in await console.reviews.of_subject(kind, account.account_id)
                if each.state == "waiting"
            ],
        )  # fmt: skip

    async def change(self, request: Request, member: Member, fields: dict[str, str]) -> str:
        """Block, ask for proof, judge a code, or ask for a second person."""
        console, account = self.desk.console, await self._account(request, member)
        do, because = fields.get("do", ""), fields.get("reason", "")
        account_id, help_desk = account.account_id, console.help_desk
        if do == "block":
            await help_desk.block(account_id, member, because=console.reviews.judged_reason(because))
        elif do == "ask_app":
            await help_desk.ask_app(account, member)
        elif do == "ask_message":
            await help_desk.ask_message(account, member)
        elif do == "code":
            await help_desk.prove(account_id, fields.get("code", "")[:20], member)
        elif do in {RELEASE, VIEW}:
            review = await console.reviews.ask(do, account_id, {"account": account_id}, reason=because, member=member)
            return f"{HOME}/reviews/{review.review_id}"
        else:
            raise ReviewRefused("unknown", public="choose what is to be done")
        return f"{HOME}/people/{account_id}"

    async def call(self, request: Request, member: Member, _problem: PlatformError | None) -> Response:
        """Whether the person has proven by now that they are on the line: what our script asks."""
        account = await self._account(request, member)
        call = await self.desk.console.help_desk.current(account.account_id, member)
        return JSONResponse({"state": "none" if call is None else call.state})

    async def data(self, request: Request, member: Member, _fields: dict[str, str]) -> Response:
        """The person's data, before the eyes of the member whom two allowed to look. Each look is written down."""
        account = await self._account(request, member)
        found = await self.desk.console.views.look(account.account_id, member)
        until = await self.desk.console.views.until(account.account_id, member)
        if until is None:
            raise NotProven
        here = f"{HOME}/people/{account.account_id}"
        return await self.desk.show(
            request, member, "data", section="/people", found=found, until=until, here=here,
            hint=rules.hint(account.account_id),
        )  # fmt: skip

    async def _account(self, request: Request, member: Member) -> Account:
        account_id = request.path_params["account"]
        if not rules.is_account(account_id):
            raise NothingFound
        return await self.desk.console.help_desk.account(account_id, member)
