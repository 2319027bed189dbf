"""`ipse certification`: the service that certifies people's signing keys, and its ceremony."""

from __future__ import annotations

from ipse.cli.certification import ceremonies as ceremonies
from ipse.cli.certification import service as service
from ipse.cli.certification.desk import app

__all__ = ["app"]
