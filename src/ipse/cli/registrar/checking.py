"""`ipse registrar check`: whether a bank can vouch for identities."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
from cyclopts import Parameter

from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, opened
from ipse.cli.registrar.desk import IDS, app, console
from ipse.enrolment.model import Registrar
from ipse.enrolment.service.examination import Finding, opened_examination
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.keyring.model import Plan
from ipse.keyring.service import KeyRing
from ipse.standards import jose
from ipse.storage.database import Database


@app.command
async def check(
    issuer: str,
    *,
    client_id: Annotated[str, Parameter(help="What the candidate calls us.")] = "ipse",
    country: Annotated[str, Parameter(help="Two letters of ISO 3166-1.")] = "BE",
    trust_framework: Annotated[str, Parameter(help="Default: the country, then _bank_idv: be_bank_idv.")] = "",
    login: Annotated[
        bool, Parameter(negative="", help="Go on with a test person: prints an address, and reads the one they end at.")
    ] = False,
    json: Annotated[bool, Parameter(negative="", help="For programs.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Run every expectation that the scheme has of a bank against a candidate; status 1 when one fails.

    The scheme must be running: the candidate reads our keys at /enrolment/jwks, and sends people back to
    /enrolment/return. docs/guides/become-a-bank.md says what each expectation means.
    """
    registrar = Registrar(
        id="candidate",
        name="Candidate",
        country=country,
        issuer=issuer.rstrip("/"),
        client_id=client_id,
        trust_framework=trust_framework,
    )
    async with opened(config) as (settings, database, keystore):
        findings = await _examined(settings, database, keystore, registrar, login=login, quiet=json)
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode() + "\n")
    else:
        failed = sum(not finding.fulfilled for finding in findings)
        console.print(f"{len(findings) - failed} of {len(findings)} expectations fulfilled")
    if not all(finding.fulfilled for finding in findings):
        sys.exit(1)


async def _examined(
    settings: Settings,
    database: Database,
    keystore: Keystore,
    registrar: Registrar,
    *,
    login: bool,
    quiet: bool,
) -> list[Finding]:
    ring = KeyRing(database, keystore, CLOCK, Plan.of(settings))
    await ring.load()
    async with opened_examination(
        registrar,
        settings,
        signing=lambda: jose.private_keys(ring.held_keys("registrar").current)[0],
        clock=CLOCK,
        ids=IDS,
    ) as examination:
        findings = await examination.without_person()
        _tell(findings, quiet=quiet)
        if login:
            address = await examination.login_address()
            console.print(f"log in as a test person at\n  {address}", soft_wrap=True)
            console.print("then type the whole address that the browser ends at:")
            after = await examination.after_login(sys.stdin.readline().strip())
            _tell(after, quiet=quiet)
            findings += after
        return findings


def _tell(findings: list[Finding], *, quiet: bool) -> None:
    for finding in findings if not quiet else []:
        console.print(f"{'ok  ' if finding.fulfilled else 'FAIL'}  {finding.name}", end="")
        console.print(f": {finding.fault}" if finding.fault else "", soft_wrap=True)
