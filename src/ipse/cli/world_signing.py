"""What a sandbox needs so that people can sign: signature activation and certification, each with its folder."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import msgspec

from ipse.certification.folder import Folder, Token, make_folder, scheme_settings
from ipse.cli.configuration import CLOCK
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.sandbox.places import Places
from ipse.sandbox.processes import Part
from ipse.signature_activation.server import prepare as make_keys
from ipse.signature_activation.settings import read_settings
from ipse.storage.private_files import write_private

FOLDERS: Final = ("signature-activation", "certification", "softhsm")
"""What this writes into a sandbox's folder."""
_IPSE: Final = [sys.executable, "-c", "from ipse.cli import main; main()"]
_MODULES: Final = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
_LONGEST_SOCKET: Final = 107
"""Bytes that the kernel allows for the path of a socket."""


@dataclass(frozen=True, slots=True)
class SigningWorld:
    """Two processes beside the scheme, and what it must know of them."""

    activation: Path
    """Folder of signature activation."""
    certification: Folder
    environment: Mapping[str, str]
    """What their processes need beside ours."""

    @property
    def socket(self) -> Path:
        """Where signature activation listens."""
        return self.activation / "socket"

    @property
    def config(self) -> Path:
        """Settings of signature activation."""
        return self.activation / "signature-activation.toml"

    @property
    def certification_settings(self) -> dict[str, str]:
        """The scheme's table `signing.certification`."""
        return scheme_settings(self.certification)

    def settings(self) -> dict[str, object]:
        """The scheme's table `signing`."""
        return {"activation": f"unix:{self.socket}", "certification": self.certification_settings}

    def commands(self) -> list[str]:
        """How to start them by hand."""
        return [
            f"ipse signature-activation serve --config {self.config}",
            f"ipse certification serve --config {self.certification.config}",
        ]

    def parts(self, logs: Path, environment: Mapping[str, str]) -> tuple[Part, Part]:
        """The processes to run."""
        theirs = {**environment, **self.environment}
        activation = [*_IPSE, "signature-activation", "serve", "--config", str(self.config)]
        certification = [*_IPSE, "certification", "serve", "--config", str(self.certification.config)]
        return (
            Part("signature activation", activation, logs / "signature-activation.log", theirs),
            Part("certification", certification, logs / "certification.log", theirs),
        )

    def ready(self) -> bool:
        """Whether both answer."""
        transport = httpx.HTTPTransport(uds=str(self.socket))
        try:
            with httpx.Client(transport=transport, base_url="http://activation", timeout=2) as http:
                answers = http.get("/key").is_success
            return answers and httpx.get(self.certification.public_url + "/status", timeout=2).is_success
        except httpx.TransportError:
            return False


def prepare_signing(folder: Path, places: Places, makers: str) -> SigningWorld:
    """Make what is missing; what is there stays.

    Keys live in a security module in software where there is one on this machine, else in encrypted files.

    Raises:
        SettingsError: the folder's path is too long for a socket.
    """
    activation = folder / "signature-activation"
    if len(os.fsencode(activation / "socket")) > _LONGEST_SOCKET:
        raise SettingsError(f"the path {folder} is too long for a socket in it; choose a shorter one with --data")
    activation.mkdir(exist_ok=True, mode=0o700)
    ours, theirs = _tokens(folder) or (None, None)
    environment = {"SOFTHSM2_CONF": str(folder / "softhsm" / "softhsm2.conf")} if ours else {}
    os.environ.update(environment)  # for the keys that are made here, in this process
    port = _port(folder, places)
    certification = make_folder(folder / "certification", port, CLOCK, RandomIds(), token=theirs)
    world = SigningWorld(activation, certification, environment)
    chosen = {
        "environment": "sandbox",
        "socket": str(world.socket),
        "database": f"sqlite:///{activation}/activation.db",
        "keys": _keys(activation, ours),
        "attestation_roots": makers,
    }
    # A JSON string is one of TOML, too.
    lines = (b"%s = %s\n" % (name.encode(), msgspec.json.encode(value)) for name, value in chosen.items())
    world.config.write_bytes(b"".join(lines))
    asyncio.run(make_keys(read_settings(world.config)))
    return world


def kept_port(folder: Path) -> int | None:
    """Where certification listens in a folder that was used before, whatever the ports of the others are now."""
    kept = folder / "certification" / "port"
    return int(kept.read_text()) if kept.exists() else None


def _port(folder: Path, places: Places) -> int:
    """Certification stays where it was at first: its certificates name the address for ever."""
    kept = folder / "certification" / "port"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        kept.write_text(str(places.certification_port))
    return int(kept.read_text())


def _keys(activation: Path, token: Token | None) -> str:
    if token is None:
        return f"file:{activation}/keys"
    module = f"module-path={token.module}&pin-source=file:{token.pin}&sealed={activation}/keys"
    return f"pkcs11:token={token.label};object=people?{module}"


def _tokens(folder: Path) -> tuple[Token, Token] | None:
    """A token for each of the two, where SoftHSM and its Python package are installed.

    Keys stay where they were made: what is installed later moves none, and what was removed since is missed.

    Raises:
        SettingsError: the keys are in SoftHSM, which is not here any more.
    """
    module = next((path for path in _MODULES if Path(path).exists()), None)
    tool = shutil.which("softhsm2-util")
    home = folder / "softhsm"
    if (folder / "signature-activation" / "keys").exists() and not home.exists():
        return None
    if module is None or tool is None or importlib.util.find_spec("pkcs11") is None:
        if home.exists():
            raise SettingsError(
                f"the signing keys in {folder} were made with SoftHSM: install softhsm2 and the Python package "
                "python-pkcs11 again, or begin anew with --fresh"
            )
        return None
    (home / "tokens").mkdir(parents=True, exist_ok=True, mode=0o700)
    config = home / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {home}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    activation, certification = (Token(module, label, str(home / f"{label}.pin")) for label in FOLDERS[:2])
    for token in (activation, certification):
        if not Path(token.pin).exists():
            _make_token(tool, token, config)
    return activation, certification


def _make_token(tool: str, token: Token, config: Path) -> None:
    secret = RandomIds().code()
    subprocess.run(  # noqa: S603 - a program of the system, for a token that lives as long as this folder
        [tool, "--init-token", "--free", "--label", token.label, "--pin", secret, "--so-pin", RandomIds().code()],
        env={**os.environ, "SOFTHSM2_CONF": str(config)},
        check=True,
        capture_output=True,
        timeout=30,
    )
    write_private(Path(token.pin), secret.encode(), exclusive=True)
