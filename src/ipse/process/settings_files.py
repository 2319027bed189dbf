"""Reading the settings file of a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from ipse.kernel.settings import SettingsError

T = TypeVar("T", bound=msgspec.Struct)


def read_settings_file(path: Path, kind: type[T]) -> T:
    """Read a TOML file as settings of a kind, without judging them.

    Raises:
        SettingsError: it is missing, or not such settings; says what is wrong.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error.strerror}") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
