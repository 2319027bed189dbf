"""What a test needs from the machine: a skip with a sentence on a laptop, a failure elsewhere."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def absent(part: str, remedy: str) -> NoReturn:
    """Say that `part` is missing.

    As root, or with CI=true, nothing is skipped: `make test` could have installed it.
    """
    message = f"{part} is missing: {remedy}"
    if os.geteuid() == 0 or os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
