"""Addresses under `/phone/v1`, and the application that serves the app's origin."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ipse.mobile.http.browsers import browser_operations
from ipse.mobile.http.channel import Body, Channel
from ipse.mobile.http.files import app_files, app_routes
from ipse.mobile.http.fingerprints import fingerprint_operations
from ipse.mobile.http.papers import paper_reading
from ipse.mobile.http.renewals import renewal_operations
from ipse.mobile.service import Mobile
from ipse.mobile.service.papers import PaperMessages
from ipse.web.routes import Caller, Route

__all__ = ["PREFIX", "Body", "Channel", "app_files", "app_routes", "routes"]

PREFIX = "/phone/v1"


def routes(
    mobile: Mobile,
    *,
    more: Mapping[str, Body] = MappingProxyType({}),
    papers: PaperMessages | None = None,
) -> list[Route]:
    """All addresses of the device protocol; `more` are those of topics with a service of their own."""
    channel = Channel(mobile)
    operations: dict[str, Body] = {
        "/enrolments": lambda body, _request: mobile.enrol(body),
        "/enrolments/return": lambda body, _request: mobile.enrolment_return(body),
        "/activation": lambda body, _request: mobile.activate(body),
        "/home": lambda body, _request: mobile.home(body),
        "/claims": lambda body, request: mobile.claim(body, address=request.scope["ipse.address"]),
        "/show": lambda body, _request: mobile.show(body),
        "/approvals": lambda body, request: mobile.decide(body, address=request.scope["ipse.address"]),
        "/reveals": lambda body, _request: mobile.reveal(body),
        "/history": lambda body, _request: mobile.history(body),
        "/code": lambda body, _request: mobile.change_code(body),
        "/settings": lambda body, _request: mobile.change_settings(body),
        "/block": lambda body, _request: mobile.block(body),
        "/removal": lambda body, _request: mobile.remove(body),
        **renewal_operations(mobile),
        **browser_operations(mobile),
        **fingerprint_operations(mobile),
        **more,
    }
    if papers is not None:
        operations["/documents"] = lambda body, _request: papers.open(body)
    posts = {path: channel.message(operation) for path, operation in operations.items()}
    posts["/tickets"] = channel.guarded(channel.ticket)
    gets = {
        "/configuration": channel.guarded(channel.configuration),
        "/watch": channel.guarded(channel.watch),
    }
    if papers is not None:
        gets |= {path: channel.guarded(endpoint) for path, endpoint in paper_reading(papers).items()}
    # Anybody may begin an activation, and each keeps two rows for a day.
    return [
        Route(
            PREFIX + path,
            endpoint,
            (method, "OPTIONS"),
            caller=Caller.PHONE,
            limit="enrolment" if path in {"/enrolments", "/pairings"} else "phone",
        )
        for method, table in (("POST", posts), ("GET", gets))
        for path, endpoint in table.items()
    ]
