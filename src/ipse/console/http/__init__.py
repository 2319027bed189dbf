"""Addresses under `/console`, on the staff's origin."""

from __future__ import annotations

from ipse.console.http import figures, incidents, institutions, log, members, partners, people, reviews, switches
from ipse.console.http.desk import Desk
from ipse.console.service import Console
from ipse.web.pages import Pages
from ipse.web.routes import Route


def routes(console: Console, pages: Pages) -> list[Route]:
    """All addresses."""
    desk = Desk(console, pages)
    return [
        route
        for part in (reviews, people, switches, partners, institutions, incidents, figures, log, members)
        for route in part.routes(desk)
    ]
