"""The process: every group of probes again and again, each apart from the others, until told to stop."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from ipse.kernel.clock import SECOND, Clock, SystemClock
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.probes import own, targets
from ipse.probes.clients.login import Synthetic
from ipse.probes.clients.others import Others
from ipse.probes.model import FailedError, Group, Probe, Tried, UnusableError
from ipse.probes.publication import Publication
from ipse.probes.schedule import pause
from ipse.probes.settings import ProbeSettings
from ipse.process.memory import keep_memory_private
from ipse.process.servers import stop_when_told
from ipse.softphone import Activation, FileStore, PhoneError, SoftPhone
from ipse.status.files import Sample

log = structlog.get_logger("ipse.probes")
_WRITE_SECONDS: Final = 5
_THREADS: Final = 32
_LATER: Final = 5.0
"""So much longer than it may take a try is waited for, before it is given up altogether."""


@dataclass
class Runner:
    """Tries, and publishes what came of it."""

    settings: ProbeSettings
    synthetic: Synthetic
    others: Others
    publication: Publication
    clock: Clock
    patience: float = _LATER
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "ipse-probe"))
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _groups: dict[str, Group] = field(default_factory=dict)
    _unusable: dict[str, str] = field(default_factory=dict)
    _hanging: dict[str, asyncio.Future[Tried]] = field(default_factory=dict)

    async def run(self) -> None:
        """Try for ever. Who is asked follows what the scheme publishes."""
        try:
            while True:
                self._follow()
                await asyncio.to_thread(self._write)
                await asyncio.sleep(min(_WRITE_SECONDS, self.settings.interval_seconds))
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            self.threads.shutdown(wait=False, cancel_futures=True)

    def _follow(self) -> None:
        """Begin what is new, end what is gone."""
        self._groups = {group.name: group for group in groups(self.settings, self.synthetic, self.others)}
        for name in self._running.keys() - self._groups.keys():
            self._running.pop(name).cancel()
        for name in self._groups.keys() - self._running.keys():
            self._running[name] = asyncio.get_running_loop().create_task(self._repeat(name))
        self.publication.keep_only({probe.name for group in self._groups.values() for probe in group.probes})

    async def _repeat(self, name: str) -> None:
        while True:
            group, begun = self._groups.get(name), time.monotonic()
            if group is None:
                return
            for probe in group.probes:
                sample = await self._tried(probe)
                if sample is not None:
                    self.publication.add(probe.name, probe.components, sample)
            await asyncio.to_thread(self._write)
            newest = [self.publication.newest(probe.name) for probe in group.probes]
            settings, took = self.settings, time.monotonic() - begun
            await asyncio.sleep(
                pause(newest, interval=settings.interval_seconds, retry=settings.retry_seconds, took=took)
            )

    async def _tried(self, probe: Probe) -> Sample | None:
        """One try; None where the probe itself cannot look."""
        begun = time.monotonic()

        def sample(outcome: str, **more: object) -> Sample:
            milliseconds = round(1000 * (time.monotonic() - begun))
            return Sample(self.clock.now() / SECOND, outcome, milliseconds, **more)  # type: ignore[arg-type]

        # A try that hangs keeps its thread; another would take one more, until there is none for anybody.
        work = self._hanging.pop(probe.name, None) or self._begun(probe)
        try:
            tried = await asyncio.wait_for(asyncio.shield(work), probe.seconds + self.patience)
        except FailedError as error:
            return sample("failed", effect=error.effect, step=error.step, reason=error.reason)
        except TimeoutError:
            self._hanging[probe.name] = work
            return sample("failed", effect="full", reason="no answer in time")
        except UnusableError as error:
            self._tell(probe.name, str(error))
            return None
        except Exception as error:  # noqa: BLE001 - a fault of ours is nobody's outage
            self._tell(probe.name, f"{type(error).__name__}")
            return None
        self._tell(probe.name, "")
        made = sample("ok", steps=dict(tried.steps))
        return sample("slow", steps=dict(tried.steps)) if made.milliseconds > probe.slow_milliseconds else made

    def _begun(self, probe: Probe) -> asyncio.Future[Tried]:
        work = asyncio.get_running_loop().run_in_executor(self.threads, probe.run)
        # Read here, too: whoever waited for it may be gone when it ends.
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        return work

    def _write(self) -> None:
        try:
            self.publication.write()
        except OSError as error:
            log.warning("probes.not_written", folder=str(self.publication.folder), error=error.strerror)

    def _tell(self, probe: str, what: str) -> None:
        """Say once why a probe cannot look, and once that it can again."""
        if what != self._unusable.get(probe, ""):
            log.warning("probe.unusable", probe=probe, told=what or "usable again")
            self._unusable[probe] = what


def groups(settings: ProbeSettings, synthetic: Synthetic, others: Others) -> Iterator[Group]:
    """Everything that is tried now."""
    known = targets.read(Path(settings.folder))
    banks = known.banks if known else ()
    cards = bool(settings.card_responders) or bool(known and known.cards)
    signing = bool(settings.certification or settings.signature_activation) or bool(known and known.signing)
    ours = ["sign-in", "approval", "partner-api", *(f"enrolment-bank-{bank.id}" for bank in banks)]
    ours += [*(["enrolment-card"] if cards else []), *(["signing"] if signing else [])]

    def probe(name: str, run: Callable[..., object], *components: str, login: bool = False) -> Probe:
        seconds = settings.login_seconds if login else settings.seconds
        slow = settings.slow_login_milliseconds if login else settings.slow_milliseconds
        return Probe(name, components, run, seconds, slow)  # type: ignore[arg-type]

    def alone(name: str, run: Callable[..., object], *components: str) -> Group:
        return Group(name, (probe(name, run, *components),))

    yield Group(
        "synthetic",
        (
            probe("phone-channel", synthetic.send_message, "approval"),
            probe("login", synthetic.log_in, "sign-in", login=True),
        ),
    )
    yield alone("health", partial(others.page, f"{settings.base_url}/healthz"), *ours)
    yield alone("app", partial(others.page, f"{settings.app_origin}/"), "approval")
    yield alone("partner-api", synthetic.revoke_nothing, "partner-api")
    for bank in banks:
        yield alone(f"bank:{bank.id}", partial(others.provider, bank.issuer), f"enrolment-bank-{bank.id}")
    for operator in known.mobile_operators if known else ():
        asks = partial(others.provider, operator.issuer)
        yield alone(f"mobile-operator:{operator.id}", asks, f"mobile-operator-{operator.id}")
    if settings.card_responders:
        yield alone("card", partial(others.responders, settings.card_responders), "enrolment-card")
    if settings.signature_activation:
        socket = settings.signature_activation.removeprefix("unix:")
        yield alone("signature-activation", partial(others.page, "http://activation/key", socket=socket), "signing")
    if settings.certification:
        yield alone("certification", partial(others.page, settings.certification), "signing")
    if settings.time_stamps:
        yield alone("time-stamps", partial(others.stamp, settings.time_stamps), "signing")


def open_phone(settings: ProbeSettings, tls: ssl.SSLContext | None, seconds: float) -> SoftPhone:
    """The synthetic person's phone."""
    store = FileStore(Path(settings.keep) / own.PHONE, patience_seconds=seconds)
    return SoftPhone(store, tls=tls, patience_seconds=seconds)


def context(settings: ProbeSettings) -> ssl.SSLContext:
    """Whom to trust: made once, which takes long, for all calls.

    Raises:
        SettingsError: the file is missing.
    """
    try:
        return ssl.create_default_context(cafile=settings.authority)
    except OSError as error:
        raise SettingsError(f"authority {settings.authority} cannot be used: {error}") from error


def enrol(settings: ProbeSettings) -> None:
    """Become the synthetic person of a sandbox, unless the phone is one already.

    Raises:
        PhoneError: the scheme, the bank or the mobile operator did not let us.
    """
    wanted = settings.enrolment
    with open_phone(settings, context(settings), 30) as phone:
        if wanted is None or (phone.state.active and not phone.state.stopped):
            return
        phone.activate(
            Activation(
                base=settings.base_url,
                bank=wanted.bank,
                person=wanted.person,
                phone_number=wanted.phone_number,
                code=own.code(Path(settings.keep)),
            )
        )


def opened(settings: ProbeSettings) -> tuple[Synthetic, Others]:
    """Who tries.

    Raises:
        SettingsError: keys or code are missing or cannot be read.
    """
    keep, ids, tls = Path(settings.keep), RandomIds(), context(settings)
    phone = partial(open_phone, settings, tls)
    synthetic = Synthetic(settings, own.read(keep), phone, own.code(keep), tls, SystemClock(), ids)
    return synthetic, Others(settings.seconds, tls, ids)


def try_once(settings: ProbeSettings) -> Iterator[tuple[str, str | None, Mapping[str, int]]]:
    """Every probe once: its name, why it failed or None, and what its steps took."""
    for group in groups(settings, *opened(settings)):
        for probe in group.probes:
            try:
                yield probe.name, None, probe.run().steps
            except (FailedError, UnusableError) as error:
                yield probe.name, str(error), {}


async def serve(settings: ProbeSettings, *, lifeline: int | None = None) -> None:
    """Try until told to stop by a signal, or by the other end of the pipe `lifeline` closing.

    Raises:
        SettingsError: keys or code are missing or cannot be read.
    """
    keep_memory_private()
    clock = SystemClock()
    publication = Publication(Path(settings.folder), clock, settings.interval_seconds)
    runner = Runner(settings, *opened(settings), publication, clock)
    stopping = asyncio.Event()
    stop_when_told(stopping.set, lifeline)
    task = asyncio.get_running_loop().create_task(_begin(settings, runner))
    log.info("probing", scheme=settings.base_url, folder=settings.folder)
    await stopping.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _begin(settings: ProbeSettings, runner: Runner) -> None:
    """Probe, in a sandbox as soon as it is up: its start is no outage."""
    await _enrolled(settings)
    await runner.run()


async def _enrolled(settings: ProbeSettings) -> None:
    """Become the synthetic person as soon as the sandbox lets us."""
    told = ""
    while settings.enrolment is not None:
        try:
            await asyncio.to_thread(enrol, settings)
        except PhoneError as error:
            if told != str(error):
                log.info("probes.not_enrolled_yet", told=error.code)
            told = str(error)
        else:
            return
        await asyncio.sleep(settings.retry_seconds)
