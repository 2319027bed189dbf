"""The runner: what is published of tries that fail, hang or cannot be made, and how it follows what is in use."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, cast

import msgspec

from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment
from ipse.probes import own
from ipse.probes.clients.others import Others
from ipse.probes.model import FailedError, Tried, UnusableError
from ipse.probes.publication import Publication
from ipse.probes.runner import Runner, opened
from ipse.probes.settings import ProbeSettings
from ipse.status.files import ProbesFile, read

if TYPE_CHECKING:
    from pathlib import Path

    from ipse.probes.clients.login import Synthetic


class Playing:
    """A synthetic person whose tries end as a test wants."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def send_message(self) -> Tried:
        raise UnusableError("the scheme refuses the synthetic person (account_blocked)")

    def log_in(self) -> Tried:
        raise FailedError("claim", "refused: unknown_start", "partial")

    def revoke_nothing(self) -> Tried:
        self.released.wait(60)
        return Tried()


def settings_of(folder: Path) -> ProbeSettings:
    """Probes of a scheme that is not there."""
    return ProbeSettings(
        environment=Environment.SANDBOX,
        base_url="http://127.0.0.1:9",
        app_origin="http://127.0.0.1:9",
        folder=str(folder / "published"),
        keep=str(folder / "own"),
        interval_seconds=0.2,
        retry_seconds=0.1,
        seconds=0.3,
        login_seconds=0.3,
    )


async def seen(folder: Path, names: set[str]) -> ProbesFile:
    """What is published, once each of these has been tried twice."""
    while True:
        await asyncio.sleep(0.05)
        found = await asyncio.to_thread(read, folder / "published" / "probes.json", ProbesFile)
        if found is not None and names <= {probe.name for probe in found.probes if len(probe.samples) > 1}:
            return found


async def test_what_is_published_of_every_kind_of_end(tmp_path: Path) -> None:
    settings, playing = settings_of(tmp_path), Playing()
    publication = Publication(tmp_path / "published", SystemClock(), settings.interval_seconds)
    others = Others(settings.seconds, None, RandomIds())
    runner = Runner(settings, cast("Synthetic", playing), others, publication, SystemClock(), patience=0.2)
    targets = {"format": "ipse-targets", "version": 1, "written_at": 1, "cards": True}
    banks = [{"id": "vesta", "issuer": "http://127.0.0.1:9/vesta"}, {"id": "lys", "issuer": "http://127.0.0.1:9/lys"}]
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "targets.json").write_bytes(msgspec.json.encode({**targets, "banks": banks}))
    task = asyncio.get_running_loop().create_task(runner.run())
    try:
        found = await seen(tmp_path, {"login", "health", "partner-api", "bank:vesta", "bank:lys"})
        probes = {probe.name: probe for probe in found.probes}
        assert "phone-channel" not in probes  # its own trouble is nobody's outage
        login = probes["login"].samples[-1]
        told = (login.outcome, login.effect, login.step, login.reason)
        assert told == ("failed", "partial", "claim", "refused: unknown_start")
        assert probes["partner-api"].samples[-1].reason == "no answer in time"  # it hangs, and nobody waits for it
        assert set(probes["health"].components) == {
            *("sign-in", "approval", "partner-api", "enrolment-card"),
            *("enrolment-bank-vesta", "enrolment-bank-lys"),
        }
        (tmp_path / "published" / "targets.json").write_bytes(msgspec.json.encode({**targets, "banks": banks[:1]}))
        while "bank:lys" in {probe.name for probe in (await seen(tmp_path, {"login"})).probes}:
            pass
    finally:
        playing.released.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_what_the_probes_keep_is_theirs_alone(tmp_path: Path) -> None:
    """Whoever has phone and code can log in as the synthetic person."""
    settings = settings_of(tmp_path)
    keys = own.make(tmp_path / "own", RandomIds())
    again = own.make(tmp_path / "own", RandomIds())
    assert again.public == keys.public
    assert not [key for key in keys.public["keys"] if "d" in key]
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path / "own").iterdir()] == ["0o600", "0o600"]
    synthetic, _ = opened(settings)
    assert len(synthetic.code) == 5
