"""What `ipse phone` prints for people: on a narrow terminal, too, nothing that the next command needs is cut off."""

from __future__ import annotations

import io

from rich.console import Console

from ipse.cli.phone import printing

AT = 1_795_332_780
ID = "SNAfeduzbud9DCVHXckUBg"


def narrow() -> Console:
    return Console(file=io.StringIO(), width=40)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_home_warns_of_an_activation_elsewhere() -> None:
    """T-5: whoever has the identity sees it at once, and how to stop it."""
    console = narrow()
    elsewhere = [{"enrolment": ID, "registrar": "bank-vesta", "since": AT, "until": AT + 86_400}]
    printing.print_home(console, {"name": "Ada", "account": {"state": "active"}, "elsewhere": elsewhere})
    assert f"ipse phone stop-elsewhere {ID}" in printed(console)
    assert "through bank-vesta. From 2026-11-23T" in printed(console)


def test_ids_of_browsers_and_requests_are_whole() -> None:
    console = narrow()
    browser = {"browser": ID, "name": "Chrome [1], Linux", "place": "Ghent", "since": AT, "used": AT, "until": AT}
    printing.print_browsers(console, [browser])
    entry = {"action": ID, "partner": "Shop", "service": "Log in", "at": AT, "outcome": "approved"}
    shared = [{"name": "given_name", "value": "Ada"}]
    printing.print_history(console, [entry | {"shared": shared, "declined": ["email"], "confirmed": []}])
    assert printed(console).count(ID) == 2
    assert "Chrome [1], Linux, Ghent" in printed(console)
    assert "shared: given_name" in printed(console)
    assert "not shared: email" in printed(console)
