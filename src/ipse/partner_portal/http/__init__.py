"""Addresses under `/partners`: parse, call one service method, render. `desk` holds what all pages share."""

from __future__ import annotations

from ipse.partner_portal.http.api import Api, Operation
from ipse.partner_portal.http.desk import Desk
from ipse.partner_portal.http.home import Home
from ipse.partner_portal.http.keys import KeyPages
from ipse.partner_portal.http.management import ManagementPages
from ipse.partner_portal.http.openapi import OPERATIONS
from ipse.partner_portal.http.people import PeoplePages
from ipse.partner_portal.http.production import ProductionPages
from ipse.partner_portal.http.running import RunningPages
from ipse.partner_portal.http.services import ServicePages
from ipse.partner_portal.http.trying import TryPages
from ipse.partner_portal.model import API, PAGE
from ipse.statistics.service import Statistics
from ipse.web.routes import Caller, Endpoint, Route

__all__ = ["Desk", "routes"]

_SERVICE = PAGE + "/services/{code}"


def routes(desk: Desk, statistics: Statistics) -> list[Route]:
    """All routes."""
    home, keys, people, services = Home(desk), KeyPages(desk), PeoplePages(desk), ServicePages(desk)
    management = ManagementPages(desk)
    trying, running, production = TryPages(desk), RunningPages(desk, statistics), ProductionPages(desk)

    def page(path: str, endpoint: Endpoint) -> Route:
        return Route(path, desk.told(endpoint), caller=Caller.STAFF, limit="page")

    def form(path: str, endpoint: Endpoint, limit: str = "page") -> Route:
        return Route(path, desk.told(endpoint), ("POST",), caller=Caller.STAFF, limit=limit)

    return [
        Route(PAGE, home.page, caller=Caller.STAFF, limit="page"),
        page(PAGE + "/register", home.sent),
        form(PAGE + "/register", home.register, "enrolment"),
        page(PAGE + "/keys", keys.page),
        form(PAGE + "/keys", keys.change),
        page(PAGE + "/services", services.all),
        page(PAGE + "/services/new", services.new),
        form(PAGE + "/services/new", services.create),
        page(_SERVICE, services.one),
        form(_SERVICE, services.change),
        page(_SERVICE + "/try", trying.page),
        form(_SERVICE + "/try", trying.run),
        page(_SERVICE + "/code", trying.code),
        page(PAGE + "/phone", trying.phone),
        form(PAGE + "/phone", trying.approve),
        page(PAGE + "/requests", running.requests),
        page(PAGE + "/figures", running.figures),
        page(PAGE + "/final-partners", running.final_partners),
        page(PAGE + "/production", production.page),
        form(PAGE + "/production", production.ask),
        page(PAGE + "/production/file", production.file),
        page(PAGE + "/api", management.page),
        form(PAGE + "/api", management.change),
        page(PAGE + "/team", people.team),
        form(PAGE + "/team", people.change_team),
        page(PAGE + "/organisation", people.organisation),
        form(PAGE + "/organisation", people.change_organisation),
        *_api(Api(desk, statistics)),
    ]


def _api(api: Api) -> list[Route]:
    """For programs, in the order of `OPERATIONS`."""
    operations: tuple[Operation, ...] = (
        api.organisation,
        api.change_organisation,
        api.services,
        api.create,
        api.service,
        api.replace,
        api.remove,
        api.keys,
        api.replace_keys,
        api.try_keys,
        api.requests,
        api.figures,
        api.applications,
        api.final_partners,
        api.add_final_partner,
    )
    return [
        Route(API + "/openapi.json", api.document, caller=Caller.PUBLIC, limit="static"),
        *(
            Route(API + path, api.told(operation), (method,), caller=Caller.PARTNER, limit="partner")
            for (method, path, *_), operation in zip(OPERATIONS, operations, strict=True)
        ),
    ]
