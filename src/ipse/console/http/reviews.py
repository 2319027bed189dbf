"""The overview, and what waits for a second person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ipse.console import rules
from ipse.console.http.desk import Desk, route
from ipse.console.model import HOME, What
from ipse.console.service.acts import APPROVE
from ipse.kernel.errors import PlatformError
from ipse.staff.errors import ReviewRefused, UnknownMember
from ipse.staff.model import Member, Organisation, Review, ReviewState
from ipse.web.routes import Route


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on = _Endpoints(desk)
    what = What.READ_REVIEWS
    return [
        route("", desk.reading(on.home, what)),
        route("/roles", desk.reading(on.roles, what)),
        route("/reviews", desk.reading(on.every, what)),
        route("/reviews/{review}", desk.reading(on.one, what)),
        route("/reviews/{review}", desk.changing(on.decide, on.one, what), "POST"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def home(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """What there is to do."""
        waiting = await self.desk.console.reviews.waiting()
        off = []
        if rules.may(member, What.READ_SWITCHES):
            off = [each for found in (await self.desk.console.board.all()).values() for each in found if each.off]
        return await self.desk.show(
            request, member, "home", section="", problem=problem, off=off,
            mine=await self._told([each for each in waiting if self.desk.decides(member, each)]),
            asked=await self._told([each for each in waiting if each.asked_by == member.member_id]),
            others=len(waiting),
        )  # fmt: skip

    async def roles(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """Who may do what."""
        table = [(what, sorted(rules.PERMISSIONS[what]), sorted(rules.DECIDING.get(what, ()))) for what in What]
        return await self.desk.show(request, member, "roles", section="/roles", problem=problem, table=table)

    async def every(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """What waits, and what was decided."""
        reviews = self.desk.console.reviews
        return await self.desk.show(
            request, member, "reviews", section="/reviews", problem=problem,
            waiting=await self._told(await reviews.waiting()), decided=await self._told(await reviews.decided()),
        )  # fmt: skip

    async def one(self, request: Request, member: Member, problem: PlatformError | None) -> Response:
        """One review: what exactly it does, and the decision."""
        console = self.desk.console
        review = await console.reviews.review(request.path_params["review"])
        waits = review.state is ReviewState.WAITING
        return await self.desk.show(
            request, member, "review", section="/reviews", problem=problem, here=request.url.path, review=review,
            told=(await self._told([review]))[0], differences=await console.acts.differences(review),
            outside=review.organisation is not Organisation.SCHEME,
            proposals=[each for each in await console.reviews.of_subject(APPROVE, review.review_id)
                       if each.state is ReviewState.WAITING],
            decides=waits and self.desk.decides(member, review), mine=waits and review.asked_by == member.member_id,
        )  # fmt: skip

    async def decide(self, request: Request, member: Member, fields: dict[str, str]) -> str:
        """Approve, refuse or take back."""
        review_id, reviews = request.path_params["review"], self.desk.console.reviews
        if fields.get("do") == "withdraw":
            await reviews.withdraw(review_id, member)
        elif fields.get("do") == "propose":
            proposed = await self.desk.console.acts.propose(
                await reviews.review(review_id), member, reason=fields.get("answer", "")
            )
            review_id = proposed.review_id
        else:
            approve = fields.get("do") == "approve"
            outside = (await reviews.review(review_id)).organisation is not Organisation.SCHEME
            if approve and outside:
                raise ReviewRefused("alone", public="waiting for a second person: propose it, and a colleague decides")
            await reviews.decide(review_id, member, approve=approve, answer=fields.get("answer", ""))
        return f"{HOME}/reviews/{review_id}"

    async def _told(self, reviews: list[Review]) -> list[dict[str, Any]]:
        """Reviews with the names of those who asked and decided."""
        names: dict[str, str] = {}
        for member_id in {each for review in reviews for each in (review.asked_by, review.decided_by) if each}:
            try:
                names[member_id] = (await self.desk.console.staff.member(member_id)).name
            except UnknownMember:
                names[member_id] = member_id[-6:]
        return [
            {
                "review": each,
                "asked_by": names[each.asked_by],
                "decided_by": names.get(each.decided_by or "", ""),
                "known": each.kind in self.desk.console.acts.titles,
            }
            for each in reviews
        ]
