"""What a sandbox needs so that its status page shows something: that page, and probes, each with its folder."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import msgspec

from ipse.cli.probes import toml
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.probes import own
from ipse.probes.own import PartnerKeys
from ipse.probes.settings import Enrolment, ProbeSettings
from ipse.sandbox.persons import SYNTHETIC
from ipse.sandbox.places import Places
from ipse.sandbox.processes import Part

if TYPE_CHECKING:
    from ipse.cli.world_signing import SigningWorld

_IPSE: Final = [sys.executable, "-c", "from ipse.cli import main; main()"]
FOLDERS: Final = ("status", "status-page", "probes")
"""What this writes into a sandbox's folder: what is published, and each process's own."""


@dataclass(frozen=True, slots=True)
class StatusWorld:
    """Two processes beside the scheme, and what it must know of them."""

    folder: Path
    """The sandbox's."""
    address: str
    """The status page's."""
    redirect_uri: str
    keys: PartnerKeys
    """Of the synthetic partner."""

    @property
    def published(self) -> Path:
        """Where scheme and probes write."""
        return self.folder / "status"

    @property
    def page_config(self) -> Path:
        """Settings of the status page."""
        return self.folder / "status-page" / "status.toml"

    @property
    def probes_config(self) -> Path:
        """Settings of the probes."""
        return self.folder / "probes" / "probes.toml"

    def settings(self) -> dict[str, object]:
        """The scheme's table `status`."""
        return {"folder": str(self.published), "address": self.address}

    def commands(self) -> list[str]:
        """How to start them by hand."""
        return [f"ipse status serve --config {self.page_config}", f"ipse probes run --config {self.probes_config}"]

    def parts(self, logs: Path, environment: Mapping[str, str]) -> tuple[Part, Part]:
        """The processes to run."""
        page = [*_IPSE, "status", "serve", "--config", str(self.page_config)]
        probes = [*_IPSE, "probes", "run", "--config", str(self.probes_config)]
        return (
            Part("status page", page, logs / "status.log", environment),
            Part("probes", probes, logs / "probes.log", environment),
        )

    def ready(self, client: httpx.Client) -> bool:
        """Whether the page answers. The probes need nobody to wait for them."""
        try:
            return client.get(f"{self.address}/healthz").is_success
        except httpx.TransportError:
            return False


def prepare_status(folder: Path, places: Places, signing: SigningWorld | None) -> StatusWorld:
    """Make what is missing; what is there stays."""
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True, mode=0o755 if name == "status" else 0o700)
    settings = _probes(folder, places, signing)
    keys = own.make(Path(settings.keep), RandomIds())
    world = StatusWorld(folder, places.status, settings.redirect_uri, keys)
    world.probes_config.write_bytes(toml(settings))
    chosen: dict[str, object] = {
        "environment": "sandbox",
        "address": places.status,
        "issuer_address": places.scheme,
        "folder": str(world.published),
        "keep": str(folder / "status-page"),
        "time_zone": "Europe/Brussels",
    }
    if places.tls_certificate and places.tls_key:
        chosen |= {"tls_certificate": places.tls_certificate, "tls_key": places.tls_key}
    # A JSON string is one of TOML, too.
    lines = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in chosen.items()]
    lines.append(f'listen = {{ host = "{places.listen}", port = {places.status_port} }}')
    world.page_config.write_text("\n".join(lines) + "\n")
    return world


def _probes(folder: Path, places: Places, signing: SigningWorld | None) -> ProbeSettings:
    settings = ProbeSettings(
        environment=Environment.SANDBOX,
        base_url=places.scheme,
        app_origin=places.app,
        folder=str(folder / "status"),
        keep=str(folder / "probes"),
        authority=places.authority,
        # The sandbox's clock is its visitors' patience: they stop a bank and want to see it.
        interval_seconds=5,
        retry_seconds=1,
        card_responders=(f"{places.world}/eid/ocsp",),
        enrolment=Enrolment(SYNTHETIC.home_bank, SYNTHETIC.id, SYNTHETIC.phone_number),
    )
    if signing is None:
        return settings
    public = signing.certification.public_url
    return msgspec.structs.replace(
        settings,
        signature_activation=f"unix:{signing.socket}",
        certification=f"{public}/status",
        time_stamps=f"{public}/timestamps",
    )
