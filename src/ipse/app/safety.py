"""What is missing or unsafe (S-10), and how to mend it: refused at start in production, told by `ipse doctor`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ipse.app.attestations import attestation_findings
from ipse.app.cards import card_findings
from ipse.app.certificates import certificate_findings
from ipse.app.keystores import keystore_path, open_keystore
from ipse.app.registry import open_registry
from ipse.app.signing import reachability_findings, signing_findings
from ipse.enrolment.model import RegistrarKind
from ipse.enrolment.service.registrars import Registrars
from ipse.fraud.service.guards import read_table
from ipse.kernel.clock import SECOND, Clock, SystemClock, text
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Environment, Finding, Settings, SettingsError, refuse
from ipse.partners.service.grants import Grants, Lapse
from ipse.process.times import kernel_clock_is_synchronised
from ipse.sim.service.operators import Operators
from ipse.storage.database import Database, open_database
from ipse.storage.errors import DatabaseUnavailableError
from ipse.storage.migrations import pending
from ipse.storage.module_address import SCHEME, read_address
from ipse.storage.private_files import closing, open_to_others
from ipse.storage.rights import excessive_rights

_GRANT_DAYS = 30
"""How long before a grant ends its operator is told."""


@dataclass(frozen=True)
class Machine:
    """What is outside the settings, and handed in: where they were read, the process environment, the time."""

    config: Path | None = None
    """The settings file."""
    environment: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    clock_is_synchronised: Callable[[], bool] = kernel_clock_is_synchronised


def check_start(settings: Settings, machine: Machine) -> None:
    """Refuse to start what can never work, and in production what is unsafe.

    Raises:
        SettingsError: a line for each finding.
    """
    settings.check()
    findings = [
        *certificate_findings(settings, machine.clock),
        *card_findings(settings, machine.clock),
        *attestation_findings(settings),
        *signing_findings(settings),
    ]
    if settings.environment is Environment.PRODUCTION:
        findings += _machine_findings(settings, machine)
    refuse(findings)


async def check_database(settings: Settings, database: Database, keystore: Keystore) -> None:
    """Refuse, in production, a role that can do more than its work, and partners of a sandbox.

    Raises:
        SettingsError: a line for each finding.
    """
    if settings.environment is Environment.PRODUCTION:
        refuse(await _database_findings(settings, database, keystore))


async def examine(settings: Settings, machine: Machine) -> list[Finding]:
    """Everything missing or unsafe in this installation, for `ipse doctor`."""
    findings = [
        *settings.findings(),
        *certificate_findings(settings, machine.clock),
        *card_findings(settings, machine.clock),
        *attestation_findings(settings),
        *signing_findings(settings),
        *_places_findings(settings),
        *_second_channel_advice(settings),
        *_incident_advice(settings),
    ]
    if settings.environment is Environment.PRODUCTION:
        findings += _machine_findings(settings, machine)
    keystore: Keystore | None = None
    try:
        keystore = open_keystore(settings.keystore)
    except SettingsError as error:
        what, _, mend = str(error).rpartition("; ")
        for opening in ("mend with: ", "make it with: "):
            mend = mend.removeprefix(opening)
        findings.append(Finding(what, mend) if what else Finding(str(error), "mend keystore in the settings"))
    findings += await _examine_database(settings, keystore)
    findings += await reachability_findings(settings)
    if settings.environment is Environment.PRODUCTION and not settings.tls_certificate and _listens_to_all(settings):
        findings.append(
            Finding(
                "plain HTTP is open to every network, beside the proxy",
                "set listen.host and app_listen.host to the address that the proxy uses",
                unsafe=False,
            )
        )
    return findings


async def _examine_database(settings: Settings, keystore: Keystore | None) -> list[Finding]:
    try:
        database = await open_database(settings.database, connections=1)
    except (DatabaseUnavailableError, ValueError) as error:
        return [Finding(f"the database cannot be opened: {error}", "start it, or mend database in the settings")]
    try:
        if missing := await pending(database):
            return [Finding(f"{len(missing)} migrations are not applied", "ipse migrate")]
        advice = [*await _registrar_advice(settings, database), *await _operator_advice(settings, database)]
        if settings.environment is Environment.PRODUCTION and keystore is not None:
            return [*await _database_findings(settings, database, keystore), *advice]
        return advice
    finally:
        await database.close()


def _machine_findings(settings: Settings, machine: Machine) -> list[Finding]:
    """What this machine and this process bring along."""
    findings = [*_open_files(settings, machine.config), *_debugging(machine.environment)]
    if not machine.clock_is_synchronised():
        findings.append(Finding("the clock of this machine is not synchronised", "run an NTP client such as chrony"))
    return findings


def _open_files(settings: Settings, config: Path | None) -> Iterator[Finding]:
    """Files of ours that others on this machine can read."""
    for name, path in _private_paths(settings, config):
        try:
            is_open = open_to_others(path)
        except OSError:
            continue  # that it is missing is told by whoever opens it
        if is_open:
            yield Finding(f"{name} {path} can be read by others", closing(path))


def _private_paths(settings: Settings, config: Path | None) -> Iterator[tuple[str, Path]]:
    if config is not None:
        yield "the settings file", config
    if settings.tls_key:
        yield "tls_key", Path(settings.tls_key)
    if settings.database.startswith("sqlite:///"):
        database = settings.database.removeprefix("sqlite://")
        for suffix in ("", "-wal", "-shm"):
            yield "the database", Path(database + suffix)
    if settings.signing is not None:
        yield "signing.certification.credentials", Path(settings.signing.certification.credentials)
    try:
        yield "keystore", keystore_path(settings.keystore)
        if settings.keystore.startswith(SCHEME):
            yield "the PIN file", read_address(settings.keystore).pin
    except SettingsError:
        return  # an address that cannot be read is told by whoever opens it


def _debugging(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Ways of running Python that write what nobody may see."""
    if sys.flags.dev_mode or environment.get("PYTHONASYNCIODEBUG"):
        yield Finding("Python runs in debug mode", "unset PYTHONDEVMODE and PYTHONASYNCIODEBUG, and leave -X dev")
    if environment.get("SSLKEYLOGFILE"):
        yield Finding("SSLKEYLOGFILE is set: the keys of TLS connections would be written to it", "unset SSLKEYLOGFILE")


def _listens_to_all(settings: Settings) -> bool:
    return any(address.host in {"", "0.0.0.0", "::"} for address in (settings.listen, settings.app_listen))  # noqa: S104


async def _database_findings(settings: Settings, database: Database, keystore: Keystore) -> list[Finding]:
    findings = []
    if rights := await excessive_rights(database):
        findings.append(
            Finding(
                f"the database role {rights}",
                "name a role in database that may only read and write rows, and run ipse migrate with the owner",
            )
        )
    findings += [
        Finding(
            f"registrar {registrar.id} is not for production: {why}",
            f"ipse registrar stop {registrar.id}, or begin with a database of production's own",
        )
        for registrar, why in await Registrars(database, SystemClock(), settings.environment).unfit()
    ]
    partners = open_registry(settings, database, keystore, SystemClock())
    findings += [
        Finding(
            f"service {service.code} of {service.partner_id} is not for production: {why}",
            "register it again, or begin with a database of production's own",
        )
        for service, why in await partners.unfit()
    ]
    lapses = await Grants(partners, RandomIds()).ending(_GRANT_DAYS * 86_400 * SECOND)
    findings += [
        Finding(
            f"service {lapse.service_code} {_told(lapse)}",
            f"ipse partner grant add {lapse.service_code} {lapse.attribute}, or take it out of the contract",
            unsafe=False,
        )
        for lapse in lapses
    ]
    return findings


def _places_findings(settings: Settings) -> Iterator[Finding]:
    """A table of places with which the scheme does not start."""
    if settings.fraud.places is None:
        return
    try:
        read_table(settings.fraud.places)
    except SettingsError as error:
        yield Finding(str(error), "mend the file, and look with: ipse fraud places FILE")


def _second_channel_advice(settings: Settings) -> Iterator[Finding]:
    """Production tells people by both ways: whoever steals one of them is told of by the other."""
    if settings.environment is not Environment.PRODUCTION:
        return
    if settings.mail is None:
        yield Finding("nobody is told by e-mail what happens to their identity", "name a server in mail", unsafe=False)
    if settings.sms is None:
        yield Finding("nobody is told by text message what happens to it", "name a gateway in sms", unsafe=False)


def _incident_advice(settings: Settings) -> Iterator[Finding]:
    """On a bad day people look for a number to call, and duties run out that nobody remembers."""
    if settings.environment is not Environment.PRODUCTION:
        return
    if not settings.help.channels:
        what = "the help centre names nobody whom people can call or write to"
        yield Finding(what, "name your own in help.channels", unsafe=False)
    if not settings.incidents.remind:
        what = "nobody is reminded of duties that an incident starts"
        yield Finding(what, "name addresses in incidents.remind", unsafe=False)
    if not settings.status.folder:
        what = "no status page can say what fails: nothing is published for it"
        yield Finding(what, "name a folder in status.folder", unsafe=False)


async def _operator_advice(settings: Settings, database: Database) -> list[Finding]:
    """Production without mobile operators believes registrars alone on numbers, and hears of no changed SIM."""
    if settings.environment is not Environment.PRODUCTION:
        return []
    if await Operators(database, SystemClock(), settings.environment).active():
        return []
    what = "no mobile operator is asked: registrars alone vouch for numbers, and nobody reports a changed SIM"
    return [Finding(what, "ipse mobile-operator add", unsafe=False)]


async def _registrar_advice(settings: Settings, database: Database) -> list[Finding]:
    active = await Registrars(database, SystemClock(), settings.environment).active()
    if not active:
        return [Finding("no registrar is active: nobody can activate", "ipse registrar add", unsafe=False)]
    cards = [registrar.id for registrar in active if registrar.kind is RegistrarKind.EID_CARD]
    if settings.eid is None and cards:
        what = f"registrar {cards[0]} is active, and eid names no authorities: nobody can activate by card"
        return [Finding(what, f"name them in eid, or ipse registrar stop {cards[0]}", unsafe=False)]
    return []


def _told(lapse: Lapse) -> str:
    if lapse.ends_at:
        return f"may ask for {lapse.attribute} until {text(lapse.ends_at)} only"
    return f"has {lapse.attribute} in its contract and no grant for it: requests for it are refused"
