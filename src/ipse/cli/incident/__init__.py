"""`ipse incident`: open, update and end incidents, plan maintenance, and do the duties that follow."""

from __future__ import annotations

from ipse.cli.incident import changes, duties, maintenance, views  # noqa: F401 - each adds its commands
from ipse.cli.incident.desk import app

__all__ = ["app"]
