"""How reading the audit log is refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class UnknownPeriod(PlatformError):
    """A period is written as `2026`, `2026-Q4`, `2026-11` or `2026-11-01..2026-11-22`."""

    code = "unknown_period"
    status = 422
    title = "A period is written as 2026, 2026-Q4, 2026-11 or 2026-11-01..2026-11-22"
