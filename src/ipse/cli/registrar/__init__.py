"""`ipse registrar`: who vouches for identities, how far they are trusted, and whether a candidate can."""

from __future__ import annotations

from ipse.cli.registrar import checking, registrars  # noqa: F401 - each adds its commands
from ipse.cli.registrar.desk import app

__all__ = ["app"]
