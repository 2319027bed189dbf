"""Reading the settings file that most commands take."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ipse.app.keystores import open_keystore
from ipse.app.safety import Machine
from ipse.cli.terminal import CLOCK, actor, log_as_json
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment, Settings, SettingsError, parse_settings
from ipse.storage.database import Database, open_database
from ipse.storage.errors import DatabaseUnavailableError

__all__ = ["CLOCK", "DEFAULT_CONFIG", "Config", "actor", "load", "log_as_json", "machine", "opened", "parse"]

Config = Annotated[Path, Parameter(name=["--config", "-c"], help="Settings file (TOML).")]
DEFAULT_CONFIG = Path(os.environ.get("IPSE_CONFIG", "ipse.toml"))


def load(config: Path) -> Settings:
    """Read the settings file.

    Raises:
        SettingsError: missing, or not usable; says what is wrong.
    """
    settings = parse(config)
    settings.check()
    return settings


def parse(config: Path) -> Settings:
    """Read the settings file without judging what it says.

    Raises:
        SettingsError: missing, or not settings at all.
    """
    try:
        return parse_settings(config.read_bytes())
    except FileNotFoundError as error:
        message = f"there is no settings file {config}; name one with --config, or begin with: ipse sandbox"
        raise SettingsError(message) from error
    except OSError as error:
        raise SettingsError(f"the settings file {config} cannot be read: {error.strerror}") from error
    except SettingsError as error:
        raise SettingsError(f"{config}: {error}") from error


def machine(config: Path) -> Machine:
    """What is outside the settings."""
    return Machine(config=config, environment=os.environ, clock=CLOCK)


@asynccontextmanager
async def opened(config: Path) -> AsyncIterator[tuple[Settings, Database, Keystore]]:
    """Settings, database and keystore of an installation, closed at the end.

    Raises:
        SettingsError: one of them cannot be used; says which and how to mend it.
    """
    settings = load(config)
    keystore = open_keystore(settings.keystore, completing=settings.environment is not Environment.PRODUCTION)
    try:
        database = await open_database(settings.database, connections=1)
    except (DatabaseUnavailableError, ValueError) as error:
        raise SettingsError(f"the database cannot be opened: {error}") from error
    try:
        yield settings, database, keystore
    finally:
        await database.close()
