"""The import contracts hold, and each of them finds what it is for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source_tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# A small Ipse in which nothing is wrong yet.
SKELETON = (
    *("app", "cli.login", "kernel.clock", "standards.jose", "storage.database", "web.routes"),
    *("sandbox.bank", "softphone.device"),
    *("people.model", "people.rules", "people.errors", "people.events", "people.store", "people.service"),
    *("people.clients", "people.http", "people.jobs"),
    *(
        "actions.model",
        "actions.rules",
        "actions.store",
        "actions.service",
        "oidc.http.token",
        "oidc.service",
    ),
    "mobile.http",
)

# (module, its import, the contract that must break)
PLANTED = [
    ("people.service", "from ipse.actions.service import approve", "Tiers"),
    ("oidc.http.token", "import ipse.mobile", "Tiers"),
    ("standards.jose", "from ipse.people import Person", "Tiers"),
    ("actions.service", "def late():\n    from ipse.app import settings", "Tiers"),
    ("helpers", "", "Tiers"),
    ("people.rules", "from ipse.people.store import find", "Inside a feature"),
    ("people.store", "from ipse.people.service import open_account", "Inside a feature"),
    ("people.toolbox", "", "Inside a feature"),
    ("actions.service", "from ipse.people.store import find", "Own feature only"),
    ("actions.service", "from ipse.people import rules", "Own feature only"),
    ("app", "from ipse.people.store import find", "Own feature only"),
    ("people.http", "from ipse.people.store import find", "Own feature only"),
    ("people", "from ipse.people.service import open_account", "Own feature only"),
    ("people.model", "import httpx", "Pure"),
    ("people.rules", "from ipse.storage.database import Database", "Pure"),
    ("kernel.clock", "import sqlite3", "Pure"),
    ("sandbox.bank", "from ipse.people import Person", "The sandbox"),
    ("app", "from ipse.sandbox.bank import serve", "The sandbox"),
    ("softphone.device", "from ipse.web.routes import Route", "The soft phone"),
]

ALLOWED = [
    ("people.service", "from ipse.people.store import find"),
    ("actions.service", "from ipse.people.service import open_account"),
    ("people", "from ipse.people.model import Person"),
    ("app", "from ipse.people.http import routes\nfrom ipse.people.clients import Registry"),
    ("cli.login", "from ipse.sandbox.bank import serve\nfrom ipse.app import build"),
]


def test_the_source_keeps_every_contract() -> None:
    answer = _lint(ROOT / "src")
    assert answer.returncode == 0, answer.stdout


def test_what_is_allowed_breaks_nothing(tmp_path: Path) -> None:
    for module, text in ALLOWED:
        _write(tmp_path, module, text)
    answer = _lint(_skeleton(tmp_path))
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(("module", "text", "contract"), PLANTED)
def test_a_planted_import_breaks_its_contract(tmp_path: Path, module: str, text: str, contract: str) -> None:
    _write(tmp_path, module, text)
    answer = _lint(_skeleton(tmp_path))
    broken = [line for line in answer.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), answer.stdout


def _skeleton(folder: Path) -> Path:
    for module in SKELETON:
        _write(folder, module, "")
    return folder


def _write(folder: Path, module: str, text: str) -> None:
    """Lay down a module, or the face of a package, with the packages above it; what is there stays."""
    path = folder.joinpath("ipse", *module.split("."))
    packages = {".".join(name.split(".")[:depth]) for name in SKELETON for depth in range(1, name.count(".") + 1)}
    path = path / "__init__.py" if module in packages else path.with_suffix(".py")
    for parent in path.parents:
        if parent == folder:
            break
        parent.mkdir(parents=True, exist_ok=True)
        (parent / "__init__.py").touch()
    if text or not path.exists():
        path.write_text(text, encoding="utf-8")


def _lint(source: Path) -> subprocess.CompletedProcess[str]:
    command = shutil.which("lint-imports", path=os.path.dirname(sys.executable))  # noqa: PTH120
    assert command is not None
    return subprocess.run(
        [command, "--config", ROOT / ".importlinter", "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
