"""What its commands share: their settings file, and how they speak."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ipse.certification.settings import CertificationSettings, read_settings
from ipse.kernel.settings import SettingsError

app = App(name="certification", help="Certify people's signing keys: ceremony, issuing, OCSP, lists, time stamps.")
console = Console(highlight=False, markup=False, soft_wrap=True)
Config = Annotated[Path, Parameter(name=["--config", "-c"], help="Settings file of the service (TOML).")]
DEFAULT_CONFIG = Path(os.environ.get("IPSE_CERTIFICATION_CONFIG", "certification.toml"))


def load(config: Path) -> CertificationSettings:
    """Read the settings file.

    Raises:
        SettingsError: missing, or not usable; says what is wrong.
    """
    try:
        return read_settings(config.read_bytes())
    except OSError as error:
        raise SettingsError(f"the settings file {config} cannot be read: {error.strerror}") from error
