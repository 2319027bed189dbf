"""The issuer's own address leads people, and only to what this installation serves."""

from __future__ import annotations

from ipse.app.front import front_route
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment, Settings, StaffSettings
from ipse.web.pages import Pages
from ipse.web.routes import Caller, Endpoint, Route


def places(*served: str, staff: StaffSettings | None = None) -> list[str]:
    async def nothing(_request: object) -> object:
        raise NotImplementedError

    endpoint: Endpoint = nothing  # type: ignore[assignment]
    settings = Settings(
        environment=Environment.SANDBOX,
        base_url="http://localhost:1",
        app_origin="http://localhost:2",
        database="",
        keystore="",
        staff=staff,
    )
    routes = [Route(path, endpoint, caller=Caller.PUBLIC, limit="page") for path in served]
    front = front_route(settings, Pages(name="Ipse", ids=RandomIds()), routes).endpoint.__self__  # type: ignore[attr-defined]
    return [address for _, found in front.groups for _, address in found]


def test_what_is_not_served_is_not_named() -> None:
    assert places("/block") == ["/block"]
    assert places("/portal", "/block", "/envelopes", "/statistics") == [
        "/portal",
        "/envelopes",
        "/block",
        "/statistics",
    ]
    assert places(staff=StaffSettings("http://localhost:3")) == ["http://localhost:3/partners"]
