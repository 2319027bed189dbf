"""`ipse operator`: the first administrator's invitation, and whoever is locked out. `ipse audit export`, too."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from tests.functional.app.installation import Place
from tests.support.passkeys import Keeper

pytestmark = pytest.mark.processes
_DATA = re.compile(r'data-(challenge|user)="([^"]+)"')


def test_the_first_administrator_is_invited_on_the_machine(small: Place) -> None:
    without = small.ipse("operator", "invite", "ann@scheme.example", "Ann Peeters")
    assert (without.returncode, "add the table [staff]" in without.stderr) == (1, True)
    origin = f"http://localhost:{small.port + 6}"
    place = small.changed(staff={"origin": origin, "listen": {"port": small.port + 6}})
    invited = place.ipse("operator", "invite", "ann@scheme.example", "Ann Peeters")
    assert invited.returncode == 0, invited.stderr
    assert f"{origin}/staff/join/" in invited.stdout
    twice = place.ipse("operator", "invite", "ann@scheme.example", "Ann Peeters")
    assert (twice.returncode, "member already" in twice.stderr) == (1, True)
    again = place.ipse("operator", "invite", "ann@scheme.example", "Ann Peeters", "--again")
    assert again.stdout.splitlines()[-1] != invited.stdout.splitlines()[-1]
    second = place.ipse(
        "operator", "invite", "bo@scheme.example", "Bo", "--role", "administrator", "--role", "security"
    )
    assert second.returncode == 0, second.stderr
    listed = place.ipse("operator", "list").stdout
    assert "administrator security" in listed
    assert "ann@scheme.example" in listed
    assert place.ipse("operator", "remove", "bo@scheme.example").returncode == 0
    assert "bo@scheme.example" not in place.ipse("operator", "list").stdout
    assert place.ipse("operator", "remove", "bo@scheme.example").returncode == 1
    exported = place.ipse("audit", "export", "--period", "2026-01-01..2099-12-31").stdout.splitlines()
    head, *lines = [json.loads(line) for line in exported]
    assert head["verified"] is True
    assert {"staff.invite", "staff.invite_again", "staff.remove"} <= {line["act"] for line in lines}
    wrong = place.ipse("audit", "export", "--period", "soon")
    assert (wrong.returncode, "2026-Q4" in wrong.stderr) == (1, True)


def test_the_console_stands_while_nobody_can_sign_in(small: Place) -> None:
    """The staff's origin in a process of its own: the issuer and the app are down, and staff come in all the same."""
    origin = f"http://localhost:{small.port + 6}"
    place = small.changed(staff={"origin": origin, "listen": {"port": small.port + 6}})
    url = place.ipse("operator", "invite", "ann@scheme.example", "Ann", "--role", "security").stdout.split()[-1]
    keeper = Keeper(origin, "localhost")
    with (
        place.serving("--only", "staff", at=f"{origin}/staff/sign-in"),
        httpx.Client(base_url=origin, timeout=20) as staff,
    ):
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://localhost:{small.port}/healthz", timeout=5)
        asked = dict(_DATA.findall(staff.get(url).text))
        made = {"credential": keeper.make(asked["challenge"], asked["user"])}
        assert staff.post(url, json=made, headers={"Origin": origin}).json() == {"made": True}
        challenge = dict(_DATA.findall(staff.get("/staff/sign-in").text))["challenge"]
        proof = {"challenge": challenge, "credential": keeper.use(challenge)}
        assert staff.post("/staff/sign-in", json=proof, headers={"Origin": origin}).json() == {"to": "/console"}
        for page in ("/console", "/console/switches", "/console/people", "/console/incidents"):
            assert staff.get(page).status_code == 200, page
