"""Everything a sandbox needs, made again and again without harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipse.certification.folder import make_folder, scheme_settings
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError


def _made(path: Path, port: int = 24070, environment: str = "sandbox") -> dict[str, bytes]:
    make_folder(path, port, SystemClock(), RandomIds(), environment=environment)
    return {each.name: each.read_bytes() for each in path.iterdir()}


def test_what_is_there_stays(tmp_path: Path) -> None:
    first = _made(tmp_path / "certification")
    assert _made(tmp_path / "certification") == first
    folder = make_folder(tmp_path / "certification", 24070, SystemClock(), RandomIds())
    told = scheme_settings(folder)
    assert all(Path(told[name]).exists() for name in ("credentials", "authorities"))
    assert told["quality"] == "test"
    private = {name for name in first if (folder.path / name).stat().st_mode & 0o077}
    assert private == {"root.pem", "issuing.pem", "root.crl", "authorities.pem"}


def test_a_start_that_ended_in_the_middle_is_begun_again(tmp_path: Path) -> None:
    first = _made(tmp_path / "certification")
    (tmp_path / "certification" / "authorities.pem").unlink()
    (tmp_path / "certification" / "root.crl").unlink()
    second = _made(tmp_path / "certification")
    assert second["root.pem"] != first["root.pem"]
    assert second["issuing.key.pem"] == first["issuing.key.pem"]
    assert second["root.pem"] in second["authorities.pem"]


def test_neither_another_address_nor_production(tmp_path: Path) -> None:
    _made(tmp_path / "certification")
    with pytest.raises(SettingsError, match="name that address for ever"):
        _made(tmp_path / "certification", 24071)
    with pytest.raises(SettingsError, match="production holds a ceremony"):
        _made(tmp_path / "other", environment="production")
