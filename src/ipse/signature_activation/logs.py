"""Logs as JSON lines, with an allow-list of fields so that nothing personal has a way in."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

_FIELDS: Final = frozenset(
    {"event", "level", "timestamp", "code", "detail", "error", "where", "environment", "credentials"}
)


def _allowed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    for key in [key for key in event if key not in _FIELDS]:
        del event[key]
    return event


def configure(stream: TextIO) -> None:
    """Send all log lines of this process to `stream`."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _allowed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
