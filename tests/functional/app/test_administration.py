"""An operator's commands: keys rotate without a restart, the audit log is read and proved, partners come and go."""

from __future__ import annotations

import json
import re
import sqlite3
import time

import httpx
import pytest

from tests.functional.app.conftest import LOGIN
from tests.functional.app.installation import Place

pytestmark = pytest.mark.processes


def published(client: httpx.Client) -> set[str]:
    return {key["kid"] for key in client.get("/v2/jwkSet").json()["keys"] if key["use"] == "sig"}


def test_a_running_process_takes_new_keys_by_itself(small: Place) -> None:
    """T-22: made by one process in an emergency, published by another within seconds, without a restart."""
    with small.serving(), small.client() as client:
        first = published(client)
        rotated = small.ipse("keys", "rotate", "--now")
        assert rotated.returncode == 0, rotated.stderr
        deadline = time.monotonic() + 10
        while not published(client) - first:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert all(kid in rotated.stdout for kid in published(client) - first)
    told = small.ipse("audit", "list").stdout
    assert told.count("keys.rotate") == 1


def test_keys_are_announced_before_they_sign_and_listed_with_their_state(small: Place) -> None:
    """S-15: each step of a rotation can be seen; a second one must wait until the first is through."""
    first = small.ipse("keys", "list").stdout
    assert (first.count(" current "), first.count("registrar")) == (5, 1)
    rotated = small.ipse("keys", "rotate", "--set", "registrar")
    assert re.fullmatch(r"registrar: new keys \S{43}, in use from \S+Z on\n", rotated.stdout)
    listed = small.ipse("keys", "list").stdout
    assert (listed.count(" current "), listed.count(" spreading ")) == (5, 1)
    again = small.ipse("keys", "rotate", "--set", "registrar")
    assert again.returncode == 1
    assert re.fullmatch(
        r"ipse: the next keys of registrar are announced already and in use from \S+Z on\n", again.stderr
    )
    other = small.ipse("keys", "rotate", "--set", "nothing")
    assert (other.returncode, other.stderr) == (
        1, "ipse: there is no key set 'nothing'; there are oidc, registrar, phone_channel\n",
    )  # fmt: skip


def test_a_sandbox_of_an_older_release_gets_the_keys_it_lacks(small: Place) -> None:
    path = small.folder / "keystore.json"
    document = json.loads(path.read_text())
    for use in ("request", "signing_key"):
        del document["working"][use]
    path.write_text(json.dumps(document))
    with small.serving(), small.client() as client:
        assert published(client)
    assert json.loads(path.read_text())["working"].items() > document["working"].items()
    assert small.ipse("keys", "complete").stdout == "nothing is missing\n"


def test_a_stopped_partner_is_refused_within_two_seconds(small: Place) -> None:
    """By another process than the one that serves."""
    added = small.ipse("partner", "add", "shop", "Shop")
    assert re.search(r"client_secret: \S{43}", added.stdout)
    service = ("SHOP_LOGIN", "authentication", "--redirect-uri", LOGIN["redirect_uri"], "--name", "Shop")
    assert small.ipse("partner", "service", "add", "shop", *service).returncode == 0
    with small.serving(), small.client() as browser:
        assert browser.get("/v2/authorization", params=LOGIN).status_code == 200
        assert small.ipse("partner", "stop", "shop").returncode == 0
        time.sleep(2)
        browser.cookies.clear()
        assert "sign-in" not in browser.get("/v2/authorization", params=LOGIN).text
    assert "stopped" in small.ipse("partner", "list").stdout
    again = small.ipse("partner", "stop", "shop")
    assert (again.returncode, "is stopped already" in again.stdout) == (1, True)


def test_an_unfit_registration_is_refused_in_one_line(small: Place) -> None:
    assert small.ipse("partner", "add", "shop", "Shop").returncode == 0
    service = ("SHOP_LOGIN", "authentication", "--redirect-uri", "http://shop.example/back", "--name", "Shop")
    refused = small.ipse("partner", "service", "add", "shop", *service)
    assert refused.returncode == 1
    assert refused.stderr.startswith("ipse: redirect URI 'http://shop.example/back' must be https")
    assert len(refused.stderr.splitlines()) == 1


def test_the_log_is_proved_and_a_change_in_it_is_named(small: Place) -> None:
    """S-18: tampering with the file itself, and cutting it off with care, against a head kept elsewhere."""
    for name in ("shop", "portal", "museum"):
        assert small.ipse("partner", "add", name, name.title()).returncode == 0
    proved = small.ipse("audit", "verify")
    head = proved.stdout.split()[-1]
    assert (proved.returncode, head.partition(":")[0]) == (0, "3")
    with small.serving():
        pass
    logged = [line["head"] for line in small.log_lines() if line["event"] == "audit.head"]
    assert logged == [head], "each start logs the head, outside the database"
    edit(small, "update audit_lines set actor = 'nobody' where seq = 2")
    broken = small.ipse("audit", "verify")
    assert (broken.returncode, "line 2 was changed" in broken.stdout) == (1, True)
    edit(small, "delete from audit_lines where seq >= 2")
    assert small.ipse("audit", "verify").returncode == 1
    edit(small, "update audit_head set seq = 1, digest = (select digest from audit_lines where seq = 1)")
    assert small.ipse("audit", "verify").returncode == 0
    assert small.ipse("audit", "verify", "--head", head).returncode == 1
    assert "--head 'x' must be as ipse audit verify prints it" in small.ipse("audit", "verify", "--head", "x").stderr


def edit(place: Place, statement: str) -> None:
    connection = sqlite3.connect(place.folder / "ipse.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_no_secret_is_printed_or_logged(small: Place) -> None:
    """S-5: keys are listed by name; what serving logs holds none of them."""
    keystore = json.loads((small.folder / "keystore.json").read_text())
    listed = small.ipse("keys", "list").stdout
    with small.serving():
        pass
    logged = json.dumps(small.log_lines())
    for secret in (*keystore["working"].values(), *(key["d"] for keys in keystore["signing"].values() for key in keys)):
        assert secret not in listed
        assert secret not in logged


def test_help_says_what_each_command_is_for(small: Place) -> None:
    """Commands are loaded when they are called; the list of all of them describes them all the same."""
    told = small.ipse("--help").stdout
    commands = re.findall(r"^│ ([a-z]+)(.*)│$", told, re.MULTILINE)
    assert len(commands) > 10
    assert [name for name, purpose in commands if not purpose.strip()] == []
