"""`ipse probes`: a synthetic person who logs in again and again, and questions to everybody on whom people depend."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console

from ipse.app.registry import open_registry
from ipse.cli.configuration import CLOCK, actor, log_as_json, opened
from ipse.cli.configuration import DEFAULT_CONFIG as DEFAULT_SCHEME_CONFIG
from ipse.cli.configuration import Config as SchemeConfig
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.partners.service import Partners
from ipse.probes import own
from ipse.probes.model import PARTNER, SERVICE
from ipse.probes.own import PartnerKeys
from ipse.probes.runner import serve as run_probes
from ipse.probes.runner import try_once
from ipse.probes.settings import ProbeSettings, read_settings

app = App(name="probes", help="Look from outside whether everything works, for the status page.")
console = Console()
EX_CONFIG = 78
Config = Annotated[Path, Parameter(name=["--config", "-c"], help="Settings file of the probes (TOML).")]
DEFAULT_CONFIG = Path(os.environ.get("IPSE_PROBES_CONFIG", "probes.toml"))
_NAMES = {
    "nl": "Proefaanmelding van het schema",
    "fr": "Connexion d’essai du schéma",
    "de": "Probeanmeldung des Schemas",
    "en": "Test login of the scheme",
}
_PURPOSE = {
    "nl": "Nagaan of aanmelden werkt",
    "fr": "Vérifier que la connexion fonctionne",
    "de": "Prüfen, ob das Anmelden geht",
    "en": "See whether signing in works",
}


@app.command(name="set-up")
async def set_up(
    *,
    keep: Annotated[Path, Parameter(help="Folder of the probes' own, made if missing: keys, phone, code.")],
    folder: Annotated[Path, Parameter(help="Folder of the status page's files.")],
    out: Annotated[Path, Parameter(help="Settings file to write.")] = DEFAULT_CONFIG,
    config: SchemeConfig = DEFAULT_SCHEME_CONFIG,
) -> None:
    """Make the synthetic partner's keys, register it with the scheme, and write the probes' settings.

    Run it once on a machine of the scheme, then move the folder to where the probes run. Run again it renews what the
    scheme knows. The synthetic person comes after: docs/guides/run-the-status-page.md.
    """
    async with opened(config) as (scheme, database, keystore):
        settings = ProbeSettings(
            environment=scheme.environment,
            base_url=scheme.base_url,
            app_origin=scheme.app_origin,
            folder=str(folder.resolve()),
            keep=str(keep.resolve()),
        )
        settings.check()
        keys = await asyncio.to_thread(own.make, Path(settings.keep), RandomIds())
        await register(open_registry(scheme, database, keystore, CLOCK), keys, settings.redirect_uri, actor=actor())
    await asyncio.to_thread(out.write_bytes, toml(settings))
    console.print(f"the scheme knows {PARTNER}; wrote {out}", soft_wrap=True)


@app.command
def run(
    config: Config = DEFAULT_CONFIG,
    *,
    lifeline: Annotated[int | None, Parameter(help="Stop when this inherited pipe closes (a file descriptor).")] = None,
) -> None:
    """Probe until stopped. Exit status 78: settings, keys or code must be mended first."""
    log_as_json()
    try:
        asyncio.run(run_probes(read_settings(config), lifeline=lifeline))
    except SettingsError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"ipse: {line}\n")
        raise SystemExit(EX_CONFIG) from None


@app.command(name="try")
def try_all(config: Config = DEFAULT_CONFIG) -> None:
    """Run every probe once and say how it went; exit status 1 if one failed."""
    failed = False
    for name, told, steps in try_once(read_settings(config)):
        failed = failed or told is not None
        said = told or "ok" + "".join(f", {step} {milliseconds} ms" for step, milliseconds in steps.items())
        console.print(f"{name}: {said}", soft_wrap=True, markup=False, highlight=False)
    if failed:
        sys.exit(1)


async def register(partners: Partners, keys: PartnerKeys, redirect_uri: str, *, actor: str) -> None:
    """Tell the scheme of the synthetic partner, unless it knows all that already."""
    method = AuthMethod.PRIVATE_KEY_JWT
    algorithms = preset_algorithms(Preset.NEW, method, encryption_key_type="EC")
    wanted = Partner(PARTNER, _NAMES["en"], "active", method, keys.public, algorithms)
    if await partners.partner(PARTNER) != wanted:
        await partners.register_partner(wanted, secret=None, actor=actor)
    service = Service(
        code=SERVICE,
        partner_id=PARTNER,
        type=ServiceType.AUTHENTICATION,
        state="active",
        name=_NAMES,
        purpose=_PURPOSE,
        redirect_uris=(redirect_uri,),
        contract={},
        pkce_required=True,
    )
    if await partners.service(SERVICE) != service:
        await partners.register_service(service, actor=actor)


def toml(settings: ProbeSettings) -> bytes:
    """Settings as a file: what differs from the defaults."""
    lines = []
    defaults = ProbeSettings(environment=settings.environment, base_url="", app_origin="", folder="", keep="")
    for name, value in msgspec.structs.asdict(settings).items():
        if name == "environment" or value != getattr(defaults, name):
            lines.append(f"{name} = {_toml(value)}")
    return ("\n".join(lines) + "\n").encode()


def _toml(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        members = msgspec.structs.asdict(value).items()
        return "{ " + ", ".join(f"{name} = {_toml(member)}" for name, member in members) + " }"
    # A JSON string, number or list is one of TOML, too.
    return msgspec.json.encode(value).decode()
