"""`ipse lab run` and `ipse lab prepare`."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import httpx
from cyclopts import App, Parameter
from rich.console import Console

from ipse.app import keystores
from ipse.app.registry import open_registry
from ipse.cli.configuration import CLOCK, opened
from ipse.cli.lab import seeding, suite
from ipse.cli.lab.file import LabFile, read
from ipse.cli.lab.knowing import subjects_of
from ipse.cli.lab.phone import LabPhone, keep_looking, listening
from ipse.cli.world_files import register_banks, toml
from ipse.enrolment.service.registrars import Registrars
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.sandbox.authority import certify
from ipse.sandbox.places import Places
from ipse.sandbox.ports import is_free
from ipse.sandbox.processes import Part, Together
from ipse.sandbox.world import World
from ipse.softphone import FileStore, SoftPhone
from ipse.storage.migrations import migrate

app = App(name="lab", help="An installation on loopback that suites of outside judges can drive.")
console = Console(highlight=False)
_IPSE = [sys.executable, "-c", "from ipse.cli import main; main()"]
_START_SECONDS = 60
File = Annotated[
    Path, Parameter(name=["--config", "-c"], help="The lab's file (TOML), such as docs/conformance/lab.toml.")
]
Data = Annotated[Path, Parameter(help="Folder that keeps keys, database and the filled-in configurations.")]


@app.command
def prepare(config: File, *, data: Data) -> None:
    """Write settings and keys, register the clients; run nothing. Again and again without harm."""
    lab = read(config)
    ready(lab, config, data.resolve())
    console.print(f"ready in {data}: ipse lab run --config {config} --data {data}", soft_wrap=True)


@app.command
def run(config: File, *, data: Data) -> None:
    """Run scheme, banks and phone until Ctrl-C, and fill in the suites' configurations."""
    lab, folder = read(config), data.resolve()
    for port in (*lab.places(folder).ports, lab.phone_port):
        if not is_free(port):
            raise SettingsError(f"port {port} is taken; choose another in {config}")
    known = ready(lab, config, folder)
    _run(lab, config, folder, known)


def ready(lab: LabFile, config: Path, folder: Path) -> dict[str, seeding.Credentials]:
    """Everything that a lab needs before it runs; what is there already is kept."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    places = lab.places(folder)
    if lab.tls:
        certify(folder / "world" / "tls", lab.host)
    world = World.create(folder / "world", places, RandomIds())
    settings = folder / "ipse.toml"
    settings.write_text(toml(lab.settings(folder)).replace("ipse sandbox", "ipse lab"))
    if not (folder / "keystore.json").exists():
        keystores.create_keystore(f"file:{folder}/keystore.json", RandomIds())
    known = seeding.credentials(lab, folder / "clients.json", RandomIds(), CLOCK)
    asyncio.run(_register(lab, settings, known, world))
    _fill(lab, config, folder, known, {})
    return known


async def _register(lab: LabFile, settings: Path, known: dict[str, seeding.Credentials], world: World) -> None:
    async with opened(settings) as (found, database, keystore):
        await migrate(database, now=CLOCK.now())
        await register_banks(Registrars(database, CLOCK, found.environment), world, actor=seeding.ACTOR)
        await seeding.register(open_registry(found, database, keystore, CLOCK), lab, known)


def _fill(
    lab: LabFile, config: Path, folder: Path, known: dict[str, seeding.Credentials], subjects: dict[str, str]
) -> None:
    """Fill in the templates that lie beside the lab's file."""
    filling = suite.Filling(lab, lab.places(folder).issuer, known, subjects)
    suite.write(config.resolve().parent / "suite", folder / "suite", filling)


def _run(lab: LabFile, config: Path, folder: Path, known: dict[str, seeding.Credentials]) -> None:
    places, logs = lab.places(folder), folder / "logs"
    logs.mkdir(exist_ok=True)
    environment = dict(os.environ) | ({"SSL_CERT_FILE": places.authority} if places.authority else {})
    parts = (
        Part("scheme", [*_IPSE, "serve", "--config", str(folder / "ipse.toml")], logs / "scheme.log", environment),
        Part("world", [*_IPSE, "world", "--data", str(folder)], logs / "world.log", environment),
    )
    trust = ssl.create_default_context(cafile=places.authority) if places.authority else None
    with Together(parts) as processes, httpx.Client(timeout=10, trust_env=False, verify=trust or True) as http:
        if not _wait(processes, http, places):
            raise SettingsError(f"the lab did not start; see {logs}")
        phone = LabPhone(lab, places.scheme, SoftPhone(FileStore(folder / "phone.json"), tls=trust), http)
        phone.ready(places.world + "/world.json")
        with listening(phone) as server:
            stopping = processes.stopping
            threads = [
                threading.Thread(target=keep_looking, args=(phone, stopping), daemon=True),
                threading.Thread(target=server.serve_forever, daemon=True),
            ]
            for thread in threads:
                thread.start()
            _fill(lab, config, folder, known, subjects_of(lab, places.issuer, known, trust))
            _say(lab, places, folder)
            ended = processes.wait()
            stopping.set()
            server.shutdown()
    if ended is not None:
        console.print(f"[bold red]the {ended.name} stopped by itself[/]; see {ended.log}")
        sys.exit(1)


def _wait(processes: Together, http: httpx.Client, places: Places) -> bool:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and processes.ended() is None and not processes.stopping.wait(0.1):
        try:
            if all(http.get(url).is_success for url in (places.issuer + "/jwkSet", places.world + "/world.json")):
                return True
        except httpx.TransportError:
            continue
    return False


def _say(lab: LabFile, places: Places, folder: Path) -> None:
    console.print("[bold]The lab is running.[/] Everything in it is for tests.")
    console.print(f"  Scheme   {places.issuer}/.well-known/openid-configuration", soft_wrap=True)
    console.print(f"  Phone    POST http://127.0.0.1:{lab.phone_port}/phone/latest/approve")
    console.print(f"  Suites   {folder / 'suite'}/", soft_wrap=True)
    if places.authority:
        console.print(f"  Trust    {places.authority}", soft_wrap=True)
