"""Who sits here, what time it is, and how a process logs: for commands that need nothing of the scheme."""

from __future__ import annotations

import os
import sys

import structlog

from ipse.kernel.clock import SystemClock


def actor() -> str:
    """Who acts at this terminal, for the audit log."""
    return f"operator:{os.environ.get('SUDO_USER') or os.environ.get('USER') or os.getuid()}"


def log_as_json() -> None:
    """One JSON object a line on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


CLOCK = SystemClock()
