"""`ipse operator`: who vouches for SIMs and numbers, and whether a candidate can."""

from __future__ import annotations

from ipse.cli.operator import check  # noqa: F401 - adds its command
from ipse.cli.operator.desk import app

__all__ = ["app"]
