"""`ipse doctor` tells everything that is missing or unsafe, with remedies, and its exit status says so."""

from __future__ import annotations

import pytest

from tests.functional.app.installation import PIN, Place

pytestmark = pytest.mark.processes


BANK = ("bank-vesta", "Vesta Bank", "--country", "BE", "--client-id", "ipse")
SECOND_CHANNEL = {
    "mail": {"host": "mail.ipse.test", "sender": "identity@ipse.test"},
    "sms": {"url": "https://sms.ipse.test/send", "token": "a token"},
}


def test_a_proper_installation_is_well(proper: Place) -> None:
    """Production with one bank and one mobile operator; a bank of a sandbox it does not take (S-10)."""
    refused = proper.ipse("registrar", "add", *BANK, "--issuer", "http://127.0.0.1:8001/banks/bank-vesta")
    assert refused.returncode == 1
    assert "is one of a sandbox; production takes public https only" in refused.stderr
    added = proper.ipse("registrar", "add", *BANK, "--issuer", "https://login.vesta.example")
    assert added.returncode == 0, added.stderr
    operator = (
        "lumo",
        "Lumo",
        "--country",
        "BE",
        "--prefix",
        "+32470",
        "--issuer",
        "https://api.lumo.example",
        "--client-id",
        "ipse",
    )
    assert proper.ipse("mobile-operator", "add", *operator).returncode == 0
    told = proper.changed(**SECOND_CHANNEL, **_prepared(proper)).ipse("doctor")
    assert (told.returncode, told.stdout.strip()) == (0, "nothing is missing or unsafe"), told.stderr


def _prepared(place: Place) -> dict[str, object]:
    """What a bad day needs."""
    return {
        "help": {"channels": [{"kind": "telephone", "value": "+32 2 555 01 00"}]},
        "incidents": {"remind": ["duty@ipse.example"]},
        "status": {"folder": f"{place.folder}/status"},
    }


def test_every_fault_is_told_with_its_remedy(proper: Place) -> None:
    """S-10: settings, files, keys, database and debugging in one list; status 1."""
    ill = proper.changed(base_url="http://id.ipse.test", database=f"sqlite://{proper.folder}/nowhere/ipse.db")
    (proper.folder / "tls.key").chmod(0o644)
    (proper.folder / "pin").write_text("another PIN")
    ill.environment["SSLKEYLOGFILE"] = str(proper.folder / "keys.log")
    told = ill.ipse("doctor")
    assert told.returncode == 1, told.stderr
    expected = (
        "base_url is http://id.ipse.test, and production is https only",
        "mend: write base_url with https://",
        "tls.key can be read by others",
        "mend: chmod 600",
        "SSLKEYLOGFILE is set",
        "refuses the PIN",
        "the database cannot be opened",
    )
    assert [text for text in expected if text not in told.stdout] == []
    assert PIN not in told.stdout
    assert "Traceback" not in told.stderr


def test_a_sandbox_without_migrations_or_registrars_is_advised(small: Place) -> None:
    """Advice alone does not fail; a database without tables does."""
    told = small.ipse("doctor")
    assert told.returncode == 0
    assert "advice  no registrar is active: nobody can activate" in told.stdout
    empty = small.changed(database=f"sqlite://{small.folder}/empty.db")
    told = empty.ipse("doctor")
    assert told.returncode == 1
    assert "migrations are not applied" in told.stdout
    assert "mend: ipse migrate" in told.stdout


def test_settings_that_cannot_be_read_are_told_in_one_line(small: Place) -> None:
    small.config.write_text("environment = 'sandbox\n")
    told = small.ipse("doctor")
    assert told.returncode == 1
    assert told.stderr.startswith(f"ipse: {small.config.name}: ")
    assert len(told.stderr.splitlines()) == 1


def test_what_people_would_miss_is_told(proper: Place) -> None:
    """Nobody to tell them, cards that nobody believes, and a table of places with which nothing starts."""
    assert proper.ipse("registrar", "add", "eid_card", "eID", "--country", "BE", "--kind", "eid_card").returncode == 0
    told = proper.changed(fraud={"places": f"{proper.folder}/nowhere.csv"}).ipse("doctor")
    assert told.returncode == 1
    expected = (
        "advice  nobody is told by e-mail",
        "advice  nobody is told by text message",
        "advice  the help centre names nobody",
        "advice  nobody is reminded of duties",
        "advice  no status page can say what fails",
        "advice  registrar eid_card is active, and eid names no authorities: nobody can activate by card",
        "nowhere.csv cannot be read",
    )
    assert [text for text in expected if text not in told.stdout] == [], told.stdout
