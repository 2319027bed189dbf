#!/usr/bin/env python3
"""Write the pages of docs/reference that come from the source: run by `make reference`, compared by a test."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
from starlette.types import ASGIApp

import ipse
from ipse.app.composition import build_scheme
from ipse.app.keystores import create_keystore, open_keystore
from ipse.broker.http.openapi import build_description
from ipse.certification.folder import make_folder, scheme_settings
from ipse.kernel.clock import SystemClock
from ipse.kernel.errors import PlatformError
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import Environment, Limits, Settings
from ipse.kernel.settings.parts import Certification, Signing
from ipse.partner_portal.http.openapi import DOCUMENT as PORTAL
from ipse.sandbox.operators.descriptions import description as operator_api
from ipse.standards.camara import Api
from ipse.status.server import composed
from ipse.status.settings import StatusSettings
from ipse.storage.database import open_database
from ipse.storage.migrations import migrate
from ipse.web.routes import Caller, Route
from tools.claims_reference import claims_page
from tools.console_reference import roles_page
from tools.dashboard_reference import dashboard
from tools.details_reference import details_page
from tools.metrics_reference import metrics_page
from tools.operator_reference import commands_page, settings_page, status_settings_page
from tools.profile_reference import checks_page, profiles_page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
ERRORS = """\
# Error codes

Every refusal has a code that stays the same over versions; its wording may change. Programs go by the code, people
read the title. An answer never says more than this: what exactly was wrong is in the log of the installation.
The texts below stand beside the errors in the source; `make reference` writes this page.

Each refusal also has a **reference** such as `7QK2-M4PX`, in the header `Ipse-Reference`, on error pages, in problem
documents and in what partners' servers are answered. It is short enough to read out on the telephone (no I, L, O or
U) and says nothing about anybody. The partner's request log has it, the log of the installation has it beside the
precise reason, and `ipse reference 7QK2-M4PX` says for 30 days what it stands for.

## What the scheme answers

| code | status | title | when |
|---|--:|---|---|
"""
PROGRAMS = """
## What the programs that talk to the scheme say

`ipse phone` and the sandbox print these codes with `--json`; they never travel over the wire.

| code | when |
|---|---|
"""


ROUTES = """\
# Addresses, who may call them, and how often

Each address declares its caller, which decides what protects it, and a limit, which counts requests of one client
address. A test holds every address to both; `make reference` writes this page from the routes themselves.

| caller | means |
|---|---|
{callers}
| limit | at once | then per minute |
|---|--:|--:|
{limits}
The numbers are the defaults; the settings change them.

## The scheme

| address | methods | caller | limit |
|---|---|---|---|
{scheme}
## The app's own origin

| address | methods | caller | limit |
|---|---|---|---|
{app}
## The status page

| address | methods | caller | limit |
|---|---|---|---|
{status}"""


def pages() -> dict[Path, str]:
    """Make all pages."""
    return {
        FOLDER / "authorization-details.md": details_page(),
        FOLDER / "claims.md": claims_page(),
        FOLDER / "errors.md": errors_page(),
        FOLDER / "routes.md": routes_page(),
        FOLDER / "settings.md": settings_page(),
        FOLDER / "status-settings.md": status_settings_page(),
        FOLDER / "command-line.md": commands_page(),
        FOLDER / "metrics.md": metrics_page(),
        FOLDER / "roles.md": roles_page(),
        FOLDER.parent / "operations" / "grafana-dashboard.json": dashboard(),
        FOLDER / "profiles.md": profiles_page(),
        FOLDER / "checks.md": checks_page(),
        FOLDER / "broker.openapi.json": broker_description(),
        FOLDER / "partner-portal.openapi.json": msgspec.json.format(msgspec.json.encode(PORTAL)).decode() + "\n",
        **{FOLDER / "operator" / f"{api}.openapi.json": operator_description(api) for api in Api},
    }


def broker_description() -> str:
    """Describe the REST API, as if it were reached at an example address."""
    return msgspec.json.format(msgspec.json.encode(build_description("https://id.example"))).decode() + "\n"


def operator_description(api: Api) -> str:
    """Describe what a mobile operator serves, as if it were reached at an example address."""
    document = operator_api(api, "https://operator.example")
    return msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"


def errors_page() -> str:
    """List each refusal."""
    answers: dict[str, list[str]] = {}
    programs: dict[str, list[str]] = {}
    for error in sorted(_errors(), key=lambda error: error.__module__):
        if issubclass(error, PlatformError):
            row = f"| `{error.code}` | {error.status} | {error.title} |"
            answers.setdefault(row, []).append(_when(error))
        else:
            programs.setdefault(f"| `{error.__dict__['code']}` |", []).append(_when(error))
    return ERRORS + _rows(answers) + PROGRAMS + _rows(programs)


def _rows(table: dict[str, list[str]]) -> str:
    """One row for each refusal, whatever its reasons."""
    return "".join(f"{row} {' Or: '.join(dict.fromkeys(reasons))} |\n" for row, reasons in sorted(table.items()))


def _errors() -> Iterator[type[Exception]]:
    """Each error class with a code of its own, once."""
    for module in pkgutil.walk_packages(ipse.__path__, "ipse."):
        if module.name.endswith(".errors"):
            for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                code = member.__dict__.get("code")
                foreseen = code != PlatformError.code or module.name == "ipse.web.errors"
                if member.__module__ == module.name and issubclass(member, Exception) and code and foreseen:
                    yield member


def _when(error: type[Exception]) -> str:
    """Return the first paragraph of its docstring, as one line."""
    return " ".join((inspect.getdoc(error) or "").partition("\n\n")[0].split()).replace("|", "\\|")


def routes_page() -> str:
    """List each address of a scheme built for the purpose."""
    scheme, app, status = asyncio.run(build_routes())
    limits = [(name, getattr(Limits(), name)) for name in msgspec.structs.asdict(Limits())]
    return ROUTES.format(
        callers="".join(f"| `{caller}` | {_described(caller)} |\n" for caller in Caller),
        limits="".join(f"| `{name}` | {limit.burst} | {limit.per_minute} |\n" for name, limit in limits),
        scheme="".join(map(_route, scheme)),
        app="".join(map(_route, app)),
        status="".join(map(_route, status)),
    )


async def build_routes() -> list[list[Route]]:
    """Build a scheme where people sign on an empty database, and a status page, and read the routes of each."""
    with tempfile.TemporaryDirectory() as folder:
        certification = scheme_settings(make_folder(Path(folder, "certification"), 8005, SystemClock(), RandomIds()))
        settings = Settings(
            environment=Environment.SANDBOX,
            base_url="http://localhost:8000",
            app_origin="http://localhost:8002",
            database=f"sqlite://{folder}/ipse.db",
            keystore=f"file:{folder}/keystore.json",
            signing=Signing(
                activation=f"unix:{folder}/socket", certification=msgspec.convert(certification, Certification)
            ),
        )
        create_keystore(settings.keystore, RandomIds())
        database = await open_database(settings.database)
        try:
            await migrate(database, now=SystemClock().now())
            scheme = await build_scheme(
                settings, open_keystore(settings.keystore), database, clock=SystemClock(), ids=RandomIds()
            )
            await scheme.close()
        finally:
            await database.close()
        async with composed(status_settings(folder), SystemClock(), RandomIds()) as status:
            applications = (scheme.application, scheme.app_application, status.application)
    return [mounted_routes(application) for application in applications]


def status_settings(folder: str) -> StatusSettings:
    """Settings of a status page that has nothing to read."""
    return StatusSettings(
        environment=Environment.SANDBOX,
        address="http://localhost:8007",
        folder=f"{folder}/published",
        keep=f"{folder}/own",
    )


def mounted_routes(application: ASGIApp) -> list[Route]:
    """Read what is mounted, behind the outermost layer; all of it must say who may call it."""
    inner = getattr(application, "_app")  # noqa: B009 - the layer hides it from everybody else
    routes: list[Route] = []
    for route in inner.routes:
        if not isinstance(route, Route):
            message = f"{route} is not a route of ipse.web.routes: it does not say who may call it"
            raise TypeError(message)
        routes.append(route)
    return routes


def _described(caller: Caller) -> str:
    """Return the text below the member, which Python itself does not keep."""
    source = inspect.getsource(Caller)
    text = source.partition(f'{caller.name} = "{caller}"')[2].partition('"""')[2].partition('"""')[0]
    return " ".join(text.split())


def _route(route: Route) -> str:
    methods = ", ".join(sorted((route.methods or set()) - {"HEAD", "OPTIONS"}))
    return f"| `{route.path}` | {methods} | {route.caller} | {route.limit} |\n"


if __name__ == "__main__":
    for page, text in pages().items():
        sys.stdout.write(f"{page.name}\n")
        page.write_text(text, encoding="utf-8")
