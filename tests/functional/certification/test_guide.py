"""The files that an operator copies work as they stand, and every command of the guides exists."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess

import pytest

from ipse.certification.folder import Folder
from ipse.certification.settings import read_settings
from ipse.certification.tokens import read_place
from ipse.cli import app
from ipse.kernel.settings import Environment
from tests.architecture.source_tree import ROOT

GUIDES = ROOT / "docs" / "guides"
UNIT = GUIDES / "ipse-certification.service"


def test_the_example_is_a_production_that_its_rules_accept() -> None:
    settings = read_settings((GUIDES / "certification.example.toml").read_bytes())
    assert settings.environment is Environment.PRODUCTION
    assert settings.qualified is None
    place = read_place(settings.keys.issuing)
    assert (place.token, place.label) == ("certification", "issuing-1")
    assert place.pin == "/run/credentials/ipse-certification.service/pin"


def test_the_unit_does_not_try_again_what_cannot_help_and_exposes_little() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read(UNIT, encoding="utf-8")
    assert unit["Service"]["RestartPreventExitStatus"] == "78"
    assert unit["Service"]["LoadCredentialEncrypted"].startswith("pin:")
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not on this machine")
    rated = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", UNIT],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-300:] + rated.stderr


@pytest.mark.parametrize("guide", ["run-a-certification-service.md", "sign-with-legal-value.md"])
def test_commands_and_links_lead_somewhere(guide: str) -> None:
    text = (GUIDES / guide).read_text(encoding="utf-8")
    for command in set(re.findall(r"(?:# |`|\$ )ipse (certification(?: [a-z]+)*)", text)):
        found = app
        for word in command.split():
            if word in found:
                found = found[word]
        assert found is not app, command
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (GUIDES / link).exists(), link


def test_a_folder_names_its_places() -> None:
    folder = Folder(GUIDES, 8005)
    assert folder.timestamps == "http://127.0.0.1:8005/timestamps"
