"""docs/conformance says what there is: modules and their tests, templates and their clients, skips."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import msgspec
import pytest

from ipse.cli.lab import seeding
from ipse.cli.lab.file import read
from ipse.cli.lab.suite import Filling, write
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from tests.functional.conformance.suite import DOCUMENTS

_ROW = re.compile(r"^\| `([a-zA-Z0-9_-]+)` \| `(test_\w+)\.py::(test_\w+)` \| (.+) \|$", re.MULTILINE)
PLANS = {"oidcc-test-plan": 37, "fapi2-security-profile-final": 56, "fapi2-message-signing-final": 14, "fapi-ciba": 40}
"""Rows in modules.md: those of message signing are what it adds to the 56 of the security profile."""


def sections() -> dict[str, list[tuple[str, ...]]]:
    text = (DOCUMENTS / "modules.md").read_text()
    return {part.partition("\n")[0]: _ROW.findall(part) for part in text.split("\n## ")[1:]}


@pytest.mark.parametrize("plan", PLANS)
def test_each_module_of_a_plan_stands_there_once(plan: str) -> None:
    rows = next(rows for title, rows in sections().items() if title.startswith(plan))
    assert len({module for module, *_ in rows}) == len(rows) == PLANS[plan]


def test_each_module_has_the_test_that_is_named() -> None:
    for rows in sections().values():
        for module, file, function, _ in rows:
            folder = "oidc" if file == "test_pings" else "conformance"
            tests = importlib.import_module(f"tests.functional.{folder}.{file}")
            assert callable(getattr(tests, function, None)), f"{module}: {file} has no {function}"


def test_the_skips_are_the_same_for_people_and_for_the_suite() -> None:
    told = {module for rows in sections().values() for module, *_, expected in rows if expected == "skip"}
    listed = {each["test-name"] for each in json.loads((DOCUMENTS / "expected-skips.json").read_text())}
    assert told == listed
    page = (DOCUMENTS / "README.md").read_text()
    for rows in sections().values():
        for module, *_, expected in rows:
            if expected != "pass":
                assert module in page or "…-" + module.removeprefix("fapi2-security-profile-final-") in page, module


def test_every_template_can_be_filled(tmp_path: Path) -> None:
    """With clients that the lab has; nothing is left to fill in, and private keys are for their owner alone."""
    lab = read(DOCUMENTS / "lab.toml")
    known = seeding.credentials(lab, tmp_path / "clients.json", RandomIds(), SystemClock())
    subjects = {client.id: "subject" for client in lab.clients}
    written = write(DOCUMENTS / "suite", tmp_path / "suite", Filling(lab, "https://localhost:8200/v2", known, subjects))
    assert {path.name for path in written} == {path.name for path in (DOCUMENTS / "suite").iterdir()}
    page = (DOCUMENTS / "README.md").read_text()
    for path in written:
        assert f"suite/{path.name}" in page
        assert "$" not in path.read_text()
        assert path.stat().st_mode & 0o077 == 0
        document = msgspec.json.decode(path.read_bytes())
        for name in ("client", "client2"):
            if name in document:
                described = lab.client(document[name]["client_id"])
                callback = f"/test/a/{document['alias']}/callback"
                assert any(uri.endswith(callback) for each in described.services for uri in each.redirect_uris)
