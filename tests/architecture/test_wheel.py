"""The built package brings everything that it reads: pages, styles, scripts, migrations, messages."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGE, ROOT


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel built from the source as it is now, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    programs = str(Path(sys.executable).parent)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*command, "--wheel-dir", folder, ROOT],
        check=True,
        env={**os.environ, "PATH": os.pathsep.join([programs, os.environ["PATH"]])},
        timeout=100,
    )
    with zipfile.ZipFile(next(folder.glob("ipse-*.whl"))) as wheel:
        return set(wheel.namelist())


def test_every_file_of_the_package_is_in_the_wheel(packed: set[str]) -> None:
    wanted = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert wanted
    assert not sorted(wanted - packed)


def test_the_wheel_holds_only_the_package(packed: set[str]) -> None:
    strangers = [name for name in packed if not name.startswith((f"{PACKAGE.name}/", "ipse-0"))]
    assert not strangers
