"""`ipse sandbox` and `ipse world`: a scheme with everything around it, on one machine."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import httpx
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ipse.kernel.settings import SettingsError
from ipse.sandbox.places import Places
from ipse.sandbox.ports import holder, is_free
from ipse.sandbox.processes import Part, Together

if TYPE_CHECKING:
    from ipse.cli.world_files import Beside

console = Console(highlight=False)
_START_SECONDS = 60
_OURS = (
    "ipse.toml",
    "places.csv",
    "makers.pem",
    "ipse.db",
    "ipse.db-wal",
    "ipse.db-shm",
    "ipse.db-wakeups",
    "ipse.db-wakeups-wal",
    "ipse.db-wakeups-shm",
    "keystore.json",
    "eid",
    "world",
    "logs",
    "phones",
    "signature-activation",
    "certification",
    "softhsm",
    "status",
    "status-page",
    "probes",
)
_IPSE = [sys.executable, "-c", "from ipse.cli import main; main()"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class More:
    """What runs beside scheme and world."""

    signing: Annotated[
        bool, Parameter(help="Let people sign documents, too: two processes more.", negative="--no-signing")
    ] = True
    status: Annotated[
        bool, Parameter(help="Run the status page and its probes, too: two processes more.", negative="--no-status")
    ] = True
    metrics_port: Annotated[int | None, Parameter(help="Answer Prometheus at this port.")] = None
    database: Annotated[
        str | None, Parameter(help="Keep the scheme's rows in this empty PostgreSQL database instead of a file.")
    ] = None

    def settings(self) -> dict[str, object]:
        """What of the scheme's settings follows from it."""
        chosen: dict[str, object] = {}
        if self.metrics_port is not None:
            chosen["metrics"] = {"listen": {"host": "127.0.0.1", "port": self.metrics_port}}
        if self.database is not None:
            chosen["database"] = self.database
        return chosen


def sandbox(
    *,
    port: Annotated[
        int, Parameter(help="The scheme's port; the world takes the next one, the app the one after.")
    ] = 8000,
    data: Annotated[Path | None, Parameter(help="Folder that keeps everything; without it nothing is kept.")] = None,
    fresh: Annotated[bool, Parameter(help="Forget what the folder holds and begin anew.", negative="")] = False,
    lan: Annotated[
        str | None, Parameter(help="Serve over TLS under this name of the machine, for real phones.")
    ] = None,
    prepare_only: Annotated[
        bool, Parameter(help="Write the files and register the partners; run nothing.", negative="")
    ] = False,
    more: More = More(),
) -> None:
    """Run the scheme, its phone app, banks, a shop, a town hall, a house, a service desk and a notary, until Ctrl-C."""
    with _folder(data) as folder:
        if fresh:
            _forget(folder)
        places = replace(_places(port, folder, lan), with_status=more.status)
        if not prepare_only:
            _check_ports(places)
            _check_kept_port(folder, places, signing=more.signing)
        from ipse.cli.world_files import prepare

        beside = prepare(folder, places, signing=more.signing, given=more.settings())
        if prepare_only:
            commands = [f"ipse serve --config {folder}/ipse.toml", f"ipse world --data {folder}"]
            commands += beside.commands()
            console.print(f"ready in {folder}:", *commands, sep="\n  ", soft_wrap=True)
            return
        _run(folder, places, beside, kept=data is not None)


def world(
    *,
    data: Annotated[Path, Parameter(help="Folder that `ipse sandbox` prepared.")],
    lifeline: Annotated[int | None, Parameter(help="Stop when this inherited pipe closes (a file descriptor).")] = None,
) -> None:
    """Run the world alone: banks, shop, town hall, house, service desk, notary, and the page that explains them."""
    from ipse.sandbox.server import run
    from ipse.sandbox.world import World

    try:
        loaded = World.load(data.resolve() / "world")
    except FileNotFoundError as error:
        message = f"there is no world in {data}; make one with: ipse sandbox --prepare-only --data {data}"
        raise SettingsError(message) from error
    run(loaded, lifeline=lifeline)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The folder of this sandbox; without one of yours a temporary one, gone at the end."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="ipse-sandbox-") as temporary:
        yield Path(temporary).resolve()


def _forget(folder: Path) -> None:
    """Remove what a sandbox wrote, and nothing else."""
    for name in _OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _places(port: int, folder: Path, lan: str | None) -> Places:
    if not 1 <= port <= 65_000:
        raise SettingsError(f"port {port} cannot be; choose one between 1024 and 65000")
    if lan is None:
        return Places.on_this_machine(port)
    from ipse.sandbox.authority import certify

    _check_name(lan)
    certify(folder / "world" / "tls", lan)
    return Places.on_the_network(port, lan, folder / "world" / "tls")


def _check_name(name: str) -> None:
    """Refuse a name that this machine itself cannot reach: bank, partners and scheme call each other by it."""
    try:
        socket.getaddrinfo(name, None)
    except OSError as error:
        raise SettingsError(
            f"{name} leads nowhere from this machine. Name it as the network knows it, such as "
            f"{socket.gethostname()}.local, or add a line to /etc/hosts"
        ) from error


def _check_ports(places: Places) -> None:
    for port in places.ports:
        if not is_free(port, places.listen):
            raise SettingsError(f"port {port} is taken by {_holder(port)}. Stop it, or choose another with --port")


def _check_kept_port(folder: Path, places: Places, *, signing: bool) -> None:
    """Certification of a folder that was used before may listen elsewhere than `places` say."""
    from ipse.cli.world_signing import kept_port

    port = kept_port(folder)
    if signing and port is not None and port not in places.ports and not is_free(port, "127.0.0.1"):
        raise SettingsError(
            f"port {port} is taken by {_holder(port)}. The certificates in {folder} name it for ever, whatever "
            "--port says: stop that process, begin anew with --fresh, or leave signing out with --no-signing"
        )


def _holder(port: int) -> str:
    by = holder(port)
    return f"process {by.pid}: {by.command}" if by else "a process that this user cannot see"


def _run(folder: Path, places: Places, beside: Beside, *, kept: bool) -> None:
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    environment = dict(os.environ)
    if places.authority:
        environment["SSL_CERT_FILE"] = places.authority
    parts = (
        Part("scheme", [*_IPSE, "serve", "--config", str(folder / "ipse.toml")], logs / "scheme.log", environment),
        Part("world", [*_IPSE, "world", "--data", str(folder)], logs / "world.log", environment),
        *beside.parts(logs, environment),
    )
    with Together(parts) as processes:
        if _wait_until_ready(processes, places, beside):
            _say_where(folder, places, beside, kept=kept)
            ended = processes.wait()
        else:
            ended = processes.ended()
    if ended is None:
        console.print("[dim]stopped[/]")
        return
    console.print(f"[bold red]the {ended.name} stopped by itself[/]; the end of {ended.log}:")
    console.print(escape("\n".join(ended.log.read_text(errors="replace").splitlines()[-15:])))
    sys.exit(1)


def _wait_until_ready(processes: Together, places: Places, beside: Beside) -> bool:
    """Whether all answer; False if one ended or we were asked to stop meanwhile."""
    deadline = time.monotonic() + _START_SECONDS
    with console.status("starting …"), _client(places) as client:
        while time.monotonic() < deadline and processes.ended() is None and not processes.stopping.is_set():
            both = all(_answers(client, url) for url in (places.issuer + "/jwkSet", places.world + "/world.json"))
            if both and beside.ready(client):
                return True
            processes.stopping.wait(0.1)
    return False


def _client(places: Places) -> httpx.Client:
    import ssl

    trust = ssl.create_default_context(cafile=places.authority) if places.authority else True
    return httpx.Client(timeout=2, trust_env=False, verify=trust)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _say_where(folder: Path, places: Places, beside: Beside, *, kept: bool) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_row("World", f"[bold link={places.world}/]{places.world}/[/]")
    table.add_row("Scheme", places.issuer)
    table.add_row("App", places.app)
    if beside.status is not None:
        table.add_row("Status", f"{places.status}/")
    table.add_row("Data", str(folder) if kept else "not kept; name a folder with --data to keep it")
    console.print()
    console.print("[bold]The sandbox is running.[/]")
    console.print(table)
    console.print()
    if places.authority:
        _say_how_to_trust(places)
    console.print(f"Next: open [bold]{places.world}/[/] and become somebody. Stop with Ctrl-C.")


def _say_how_to_trust(places: Places) -> None:
    from ipse.sandbox.authority import fingerprint

    name = places.world.removeprefix("https://").partition(":")[0]
    console.print("[bold]On the phone, once:[/]")
    console.print(f"  1. be on the same network, where {name} leads to this machine")
    console.print(
        f"  2. open http://{name}:{places.port + 3}/ and install the authority it offers, if its fingerprint is"
    )
    console.print(f"     {fingerprint(Path(places.authority or ''))}", soft_wrap=True)
    console.print(f"  3. open {places.app}/ and add it to the home screen")
    console.print(
        f"[dim]  The authority can vouch for {name} only; its key is {places.authority_key}. Remove it when done.[/]"
    )
    console.print("[dim]  Over the network all parties share one name, so returns between them are same-site here.[/]")
    console.print()
