"""Reading the settings file that most commands take."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter

from ipse.app.keystores import open_keystore
from ipse.kernel.clock import SystemClock
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings, SettingsError, read_settings
from ipse.storage.database import Database, open_database

Config = Annotated[Path, Parameter(name=["--config", "-c"], help="Settings file (TOML).")]
DEFAULT_CONFIG = Path(os.environ.get("IPSE_CONFIG", "ipse.toml"))


def load(config: Path) -> Settings:
    """Read the settings file.

    Raises:
        SettingsError: missing, or not usable; says what is wrong.
    """
    try:
        return read_settings(config.read_bytes())
    except FileNotFoundError as error:
        message = f"there is no settings file {config}; name one with --config, or begin with: ipse sandbox"
        raise SettingsError(message) from error


@asynccontextmanager
async def opened(config: Path) -> AsyncIterator[tuple[Settings, Database, Keystore]]:
    """Settings, database and keystore of an installation, closed at the end."""
    settings = load(config)
    keystore = open_keystore(settings.keystore)
    database = await open_database(settings.database, connections=1)
    try:
        yield settings, database, keystore
    finally:
        await database.close()


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
