"""The audit log: looking through it, having it prove itself, taking a period away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ipse.audit.model import Wanted
from ipse.audit.service import auditing, kept_heads, read_period
from ipse.console.http.desk import Desk, route
from ipse.console.model import What
from ipse.kernel.clock import read
from ipse.kernel.errors import PlatformError
from ipse.staff.errors import UnknownMember
from ipse.staff.model import Member
from ipse.web.routes import Route

_PAGE = 50


def routes(desk: Desk) -> list[Route]:
    """Their addresses."""
    on = _Endpoints(desk)
    return [
        route("/log", desk.reading(on.page, What.READ_LOG)),
        route("/log/proof", desk.changing(on.prove, on.page, What.READ_LOG), "POST"),
        route("/log/export", desk.changing(on.export, on.page, What.EXPORT_LOG), "POST"),
    ]


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: Desk

    async def page(
        self, request: Request, member: Member, problem: PlatformError | None, proof: dict[str, object] | None = None
    ) -> Response:
        """Lines that fit, newest first."""
        audit, query = self.desk.console.audit, request.query_params
        before = query.get("before", "")
        fields = {name: query.get(name, "")[:120] for name in ("actor", "act", "subject", "since", "until")}
        wanted = Wanted(
            actor=fields["actor"], act=fields["act"], subject=fields["subject"],
            since=_moment(fields["since"]), until=_moment(fields["until"], after=True),
        )  # fmt: skip
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
        lines = await audit.find(wanted, before=number, most=_PAGE)
        return await self.desk.show(
            request, member, "log", section="/log", problem=problem, lines=lines, fields=fields, proof=proof,
            names=await self._names({line.actor for line in lines}), here="/console/log",
            older=lines[-1].seq if len(lines) == _PAGE else None,
        )  # fmt: skip

    async def prove(self, request: Request, member: Member, _fields: dict[str, str]) -> Response:
        """Walk the chain from its first line."""
        console = self.desk.console
        kept = await kept_heads(console.anchor) if console.anchor else []
        broken, head = await console.audit.first_broken(kept), await console.audit.head()
        proof: dict[str, object] = {"broken": broken, "head": str(head), "seq": head.seq, "kept": len(kept)}
        return await self.page(request, member, None, proof)

    async def export(self, _request: Request, member: Member, fields: dict[str, str]) -> Response:
        """A period as lines of JSON, as `ipse audit export` writes it. Taking it away is written down."""
        written = fields.get("period", "").strip()
        since, until = read_period(written)
        audit = self.desk.console.audit
        now, details = audit.clock.now(), {"period": written}
        await audit.database.transact(
            lambda: auditing(now, actor=member.actor, act="audit.export", subject="audit", details=details)
        )

        async def lines() -> AsyncIterator[bytes]:
            async for each in audit.export(since, until):
                yield msgspec.json.encode(each) + b"\n"

        disposition = f'attachment; filename="audit-{written.replace("..", "-to-")}.jsonl"'
        return StreamingResponse(lines(), media_type="application/jsonl", headers={"content-disposition": disposition})

    async def _names(self, actors: set[str]) -> dict[str, str]:
        """What members are called; of everybody else, as the log has it."""
        names = {}
        for actor in actors:
            kind, _, member_id = actor.partition(":")
            with suppress(UnknownMember):
                names[actor] = (await self.desk.console.staff.member(member_id)).name if kind == "staff" else actor
        return names


def _moment(written: str, *, after: bool = False) -> int | None:
    """The first moment of a day, or the first after it; None where it is no day."""
    with suppress(ValueError):
        return read(written[:10]) + (86_400_000_000 if after else 0) if written else None
    return None
