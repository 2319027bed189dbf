"""What this process refuses to start with, and what its files say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.signature_activation.attestations import open_makers
from ipse.signature_activation.head_file import HeadFile
from ipse.signature_activation.own_secrets import place_of
from ipse.signature_activation.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "environment": '"sandbox"',
    "socket": '"/run/activation/socket"',
    "database": '"sqlite:///var/lib/activation.db"',
    "keys": '"file:/var/lib/keys"',
}
WRONG = {
    "keys in a file in production": ({"environment": '"production"'}, "whoever copies it"),
    "another database": ({"database": '"postgresql://a@b/c"'}, "sqlite"),
    "a relative database": ({"database": '"sqlite://activation.db"'}, "sqlite"),
    "keys that are nowhere": ({"keys": '"vault:x"'}, "neither pkcs11"),
    "a relative socket": ({"socket": '"socket"'}, "absolute"),
    "a long socket": ({"socket": f'"/{"x" * 110}"'}, "longer"),
    "endless tries": ({"tries": "100"}, "tries"),
    "no time": ({"answer_seconds": "0"}, "answer_seconds"),
    "endless approvals": ({"approval_seconds": "1000000"}, "approval_seconds"),
    "no threads": ({"threads": "0"}, "threads"),
    "an unknown word": ({"colour": '"red"'}, "colour"),
}


def written(folder: Path, **members: str) -> Path:
    path = folder / "activation.toml"
    path.write_text("".join(f"{name} = {value}\n" for name, value in {**GOOD, **members}.items()))
    return path


@pytest.mark.parametrize("name", WRONG)
def test_unsafe_settings_are_refused(tmp_path: Path, name: str) -> None:
    members, why = WRONG[name]
    assert read_settings(written(tmp_path)).tries == 3
    with pytest.raises(SettingsError, match=why):
        read_settings(written(tmp_path, **members))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"revoked": '["zz"]'}, "hexadecimal"),
        ({"attestation_roots": '"/nowhere.pem"'}, "cannot be used"),
    ],
)
def test_makers_that_cannot_be_believed_are_refused(tmp_path: Path, members: dict[str, str], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        open_makers(read_settings(written(tmp_path, **members)))


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    """B-54: only the user of this process reads them."""
    place = place_of(f"file:{tmp_path}/keys")
    with pytest.raises(SettingsError, match="init"):
        place.open()
    place.make(RandomIds())
    first = place.open()
    place.make(RandomIds())
    assert place.open() == first
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    assert len({first.rows, first.audit, first.wrapping}) == 3
    (tmp_path / "keys").chmod(0o644)
    with pytest.raises(SettingsError, match="read by others"):
        place.open()
    (tmp_path / "keys").chmod(0o600)
    (tmp_path / "keys").write_bytes(b"{}")
    with pytest.raises(SettingsError, match="cannot be read"):
        place.open()


def test_the_head_survives_half_a_write(tmp_path: Path) -> None:
    path = tmp_path / "head"
    head = HeadFile(path, b"k" * 32)
    assert head.read() == (0, bytes(32))
    for number in range(1, 8):
        head.write(number, bytes([number]) * 32)
        assert head.read() == (number, bytes([number]) * 32)
    with pytest.raises(SettingsError, match="serves already"):
        HeadFile(path, b"k" * 32)
    octets = path.read_bytes()
    path.write_bytes(octets[:72] + octets[72:100] + bytes(44))  # the slot of 7 was being written
    assert head.read() == (6, bytes([6]) * 32)
    head.close()
    forged = HeadFile(path, b"x" * 32)
    assert forged.read()[0] == 0
    forged.close()
