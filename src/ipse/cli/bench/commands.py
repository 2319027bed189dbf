"""The command line of the measurements."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import uvloop
from cyclopts import App, Parameter
from rich.console import Console

from ipse.cli.bench import driver, machine
from ipse.cli.bench.arena import Server, Wanted, serving
from ipse.cli.bench.calibration import Calibration
from ipse.cli.bench.driver import Phone, Round, User
from ipse.cli.bench.postgres import NoPostgresError
from ipse.cli.bench.relying import RelyingParty
from ipse.cli.bench.report import AIM_MILLISECONDS, Measured, print_figures
from ipse.cli.bench.wire import Connection

app = App(name="bench", help="Measure the scheme.")
app.command("ipse.cli.bench.signing:signing", name="signing")

Engine = Literal["sqlite", "postgresql"]
PRESETS = ("new", "migrating", "fapi2")
_CALIBRATION_SECONDS = 1.0
_COUNTED_LOGINS = 40
"""At least: what a user's first login costs more, and what is looked up anew now and then, counts little among them."""
_IDLE_SECONDS = 1.0

HOW = (
    (
        "A login is: authorization page, claim and approval by a phone with its own key, finish, token with "
        "private_key_jwt and PKCE, nested ID token, signed and encrypted UserInfo: 6 requests. With the fapi2 profile "
        "one more, the pushed request, and DPoP proofs with the server's nonce at token and UserInfo."
    ),
    (
        "Server and database share one core, the driver has another. One keep-alive connection and one phone for each "
        "virtual user, no pause between logins. Medians of interleaved rounds, the first dropped."
    ),
    "Accounts and phones are seeded by the scheme's own services in a process of their own, not activated at a bank.",
    (
        "The driver decrypts and verifies each 50th ID token and UserInfo. Statements and signatures are counted in a "
        "pass of its own that is not timed."
    ),
)


@Parameter(name="*")
@dataclass(frozen=True)
class Load:
    """How much to measure."""

    rounds: int = 5
    """Rounds that count; one more runs first to warm up."""
    seconds: float = 3.0
    """Length of a round for each database and preset."""
    users: int = 32
    """Virtual users, each with a phone."""
    database: list[Engine] | None = None
    """Which databases; by default both."""
    json: Annotated[bool, Parameter(negative="")] = False
    """Print one JSON object."""


@app.command
def login(*, load: Load | None = None) -> None:
    """Whole logins per second, their latency and their cost in processor time."""
    load = load or Load()
    cores = machine.cores()
    if len(cores) < 2:
        sys.exit("ipse bench needs two cores: one for the server and its database, one for the driver")
    os.sched_setaffinity(0, {cores[1]})
    say = Console(stderr=True)
    try:
        with tempfile.TemporaryDirectory(prefix="ipse-bench-") as folder:
            Path(folder).chmod(0o755)  # PostgreSQL runs as another account and must reach its data
            figures = _measure(load, Path(folder), cores[0], say)
    except (NoPostgresError, RuntimeError) as error:
        sys.exit(str(error))
    if load.json:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    else:
        print_figures(Console(), figures)
    if any(one["errors"] for one in figures["results"]):
        sys.exit(1)


def _measure(load: Load, folder: Path, core: int, say: Console) -> dict[str, Any]:
    engines = load.database or ["sqlite", "postgresql"]
    results: dict[tuple[str, str], Measured] = {
        (engine, preset): Measured(engine, preset) for engine in engines for preset in PRESETS
    }
    calibrations: list[Calibration] = []
    with _servers(engines, folder, core, load.users) as servers:
        for number in range(load.rounds + 1):
            calibration = _calibrated(folder, core)
            say.print(f"round {number} of {load.rounds}" + (" (warm-up)" if not number else ""), style="dim")
            for server in servers:
                for preset in PRESETS:
                    done, cpu = _round(server, preset, load)
                    if number:
                        results[server.engine, preset].add(done, cpu, calibration)
            if number:
                calibrations.append(calibration)
    say.print("counting statements and signatures", style="dim")
    for engine in engines:
        wanted = Wanted(engine=engine, folder=folder / f"counted-{engine}", core=core, phones=load.users)
        with serving(wanted, counting=True) as server:
            idle = _idle(server)
            for preset in PRESETS:
                results[engine, preset].counts = _counts(server, preset, load, idle)
    return _figures(load, list(results.values()), calibrations)


@contextlib.contextmanager
def _servers(engines: list[Engine], folder: Path, core: int, phones: int) -> Iterator[list[Server]]:
    with contextlib.ExitStack() as stack:
        wanted = [Wanted(engine=engine, folder=folder / engine, core=core, phones=phones) for engine in engines]
        yield [stack.enter_context(serving(one)) for one in wanted]


def _round(server: Server, preset: str, load: Load, at_least: int = 0) -> tuple[Round, tuple[float, float]]:
    """One round and the processor time it cost the server and the database."""
    before = server.cpu()
    done = uvloop.run(_logins(server, preset, load, at_least))
    after = server.cpu()
    return done, (after[0] - before[0], after[1] - before[1])


async def _logins(server: Server, preset: str, load: Load, at_least: int) -> Round:
    await asyncio.sleep(0)
    partner = next(one for one in server.seeded.partners if one.preset == preset)
    relying = RelyingParty.of(partner, server.issuer, server.document("/v2/jwkSet"))
    sealing_key = server.document("/phone/v1/configuration")["phone_channel_keys"]["keys"][0]
    crowd = [
        User(Connection("127.0.0.1", server.port), Phone.of(handset, sealing_key), relying)
        for handset in server.seeded.handsets[: load.users]
    ]
    try:
        return await driver.run(crowd, load.seconds, at_least)
    finally:
        for user in crowd:
            user.connection.close()


def _idle(server: Server) -> dict[str, float]:
    """What a server does each second without anybody: its jobs look for work."""
    before, began = server.counted(), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    after, seconds = server.counted(), time.monotonic() - began
    return {name: (after[name] - before.get(name, 0)) / seconds for name in after}


def _counts(server: Server, preset: str, load: Load, idle: dict[str, float]) -> dict[str, float]:
    """Statements and cryptographic operations per login, without those that nobody's login is the reason of."""
    _round(server, preset, load)  # so that caches are as full as in the timed rounds
    before, began = server.counted(), time.monotonic()
    done, _ = _round(server, preset, load, _COUNTED_LOGINS)
    after, seconds = server.counted(), time.monotonic() - began
    if not done.logins:
        return {}
    return {
        name: round((after[name] - before.get(name, 0) - idle.get(name, 0.0) * seconds) / done.logins, 2)
        for name in after
    }


def _calibrated(folder: Path, core: int) -> Calibration:
    command = ["taskset", "--cpu-list", str(core), sys.executable, "-m", "ipse.cli.bench.calibration"]
    done = subprocess.run(  # noqa: S603 -- our own command
        [*command, str(folder), str(_CALIBRATION_SECONDS)], capture_output=True, check=True, timeout=60
    )
    return msgspec.json.decode(done.stdout, type=Calibration)


def _figures(load: Load, results: list[Measured], calibrations: list[Calibration]) -> dict[str, Any]:
    return {
        "results": [one.figures() for one in results],
        "calibration": {
            "es256_verifications": _middle([one.es256_verifications for one in calibrations]),
            "durable_inserts": _middle([one.durable_inserts for one in calibrations]),
        },
        "aim_cpu_ms": AIM_MILLISECONDS,
        "load": {"rounds": load.rounds, "seconds": load.seconds, "users": load.users},
        "processor": machine.model(),
        "how": HOW,
    }


def _middle(values: list[float]) -> float:
    return round(sorted(values)[len(values) // 2], 1) if values else 0.0
