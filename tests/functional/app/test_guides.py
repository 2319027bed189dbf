"""The files that an operator copies from the documentation work as they stand."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ipse.kernel.settings import Environment, read_settings
from ipse.storage.module_address import read_address
from tests.architecture.source_tree import ROOT

GUIDES = ROOT / "docs" / "guides"


def test_the_example_is_a_production_that_its_rules_accept() -> None:
    """S-10: the part of production's checks that needs no machine."""
    settings = read_settings((GUIDES / "ipse.example.toml").read_bytes())
    assert settings.environment is Environment.PRODUCTION
    address = read_address(settings.keystore)
    assert (address.token, address.key) == ("ipse", "keystore")
    assert address.pin == Path("/run/credentials/ipse.service/pin")


def test_what_is_commented_out_in_the_example_is_right_too() -> None:
    text = (GUIDES / "ipse.example.toml").read_text(encoding="utf-8")
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    settings = read_settings(uncommented.encode())
    assert settings.trusted_proxies == ("192.0.2.1",)
    assert settings.signing is not None
    assert settings.help.channels
    assert settings.incidents.remind


def test_the_unit_does_not_try_again_what_cannot_help() -> None:
    """S-9, S-10: status 78 of `ipse serve`, and the PIN where the example looks for it."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read(GUIDES / "ipse.service", encoding="utf-8")
    service = unit["Service"]
    assert service["RestartPreventExitStatus"] == "78"
    assert service["LoadCredentialEncrypted"].startswith("pin:")
    assert service["LimitCORE"] == "0"
    assert "landlock_restrict_self" in service["SystemCallFilter"], "what reads documents gives up all files by it"


def test_the_unit_exposes_little() -> None:
    """S-9: `systemd-analyze security` rates it 2.0 or better."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not on this machine; the rating was 1.6 when the unit was written")
    rated = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", GUIDES / "ipse.service"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-300:] + rated.stderr


def test_every_command_of_the_guide_exists() -> None:
    """Commands of the guide are in the reference that is written from the program itself."""
    guide = (GUIDES / "run-in-production.md").read_text(encoding="utf-8")
    reference = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^# (?:sudo.* )?(ipse(?: [a-z][a-z-]*)+)", guide, re.MULTILINE))
    assert {"ipse doctor", "ipse keys init", "ipse keys list", "ipse migrate", "ipse audit verify"} <= named
    for command in named:
        words = command.split()
        assert any(f"# {' '.join(words[:length])}\n" in reference for length in range(2, len(words) + 1)), command
