"""How storage fails."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class DatabaseUnavailableError(PlatformError):
    """The database cannot be reached now; nothing was acknowledged."""

    code = "temporarily_unavailable"
    status = 503
    title = "Temporarily unavailable, please try again"


class DuplicateError(Exception):
    """A unique value exists already."""
