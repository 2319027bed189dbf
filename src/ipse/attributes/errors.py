"""How reading attributes is refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class NoFactsError(PlatformError):
    """Nothing is kept of this account."""

    code = "server_error"
    status = 500
