"""How the front door refuses a phone before any message is accepted."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class WatchRefused(PlatformError):
    """The watch token is unknown or too old."""

    code = "unknown_phone"
    status = 401
    title = "Say home again for a new watch token"
