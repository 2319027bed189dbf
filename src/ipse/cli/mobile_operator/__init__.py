"""`ipse mobile-operator`: who vouches for SIMs and numbers, and whether a candidate can."""

from __future__ import annotations

from ipse.cli.mobile_operator import check, register  # noqa: F401 - each adds its commands
from ipse.cli.mobile_operator.desk import app

__all__ = ["app"]
