"""One service for all tests of this folder, and openssl beside it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.certification import RunningCertification, running

PORT = 24060
Openssl = Callable[..., str]


@pytest.fixture(scope="session")
def certification(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCertification]:
    """A sandbox's service, its keys in files."""
    with running(tmp_path_factory.mktemp("certification"), PORT) as service:
        yield service


@pytest.fixture(scope="session")
def openssl() -> Openssl:
    """Runs openssl, which must agree; returns what it says."""

    def run(*arguments: str | Path, status: int = 0) -> str:
        done = subprocess.run(
            ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run
