"""The `ipse` command line. Each command lives in a module of its own and is loaded when it is called."""

from __future__ import annotations

import sys

from cyclopts import App

from ipse.kernel.errors import PlatformError
from ipse.kernel.settings import SettingsError

app = App(
    name="ipse",
    help="An open, self-hostable digital-identity scheme. Begin with: ipse sandbox",
    version="0.1.0.dev0",
    default_parameter=None,
)
for name, target in {
    "sandbox": "ipse.cli.sandbox:sandbox",
    "world": "ipse.cli.sandbox:world",
    "serve": "ipse.cli.serve:serve",
    "migrate": "ipse.cli.serve:migrate",
    "keys": "ipse.cli.keys:app",
    "partner": "ipse.cli.partner:app",
    "registrar": "ipse.cli.registrar:app",
    "operator": "ipse.cli.operator:app",
    "mobile-operator": "ipse.cli.mobile_operator:app",
    "account": "ipse.cli.account:app",
    "phone": "ipse.cli.phone:app",
    "telephone": "ipse.cli.telephone:app",
    "certification": "ipse.cli.certification:app",
    "card": "ipse.cli.card:app",
    "lab": "ipse.cli.lab:app",
    "signing": "ipse.cli.signing:app",
    "signature-activation": "ipse.cli.signature_activation:app",
    "status": "ipse.cli.status:app",
    "probes": "ipse.cli.probes:app",
    "bench": "ipse.cli.bench:app",
    "audit": "ipse.cli.audit:app",
    "fraud": "ipse.cli.fraud:app",
    "incident": "ipse.cli.incident:app",
    "reference": "ipse.cli.reference:reference",
    "doctor": "ipse.cli.doctor:doctor",
}.items():
    app.command(target, name=name)


def main() -> None:
    """Run the command line; errors are one line that says what to do, never a trace."""
    try:
        if not sys.argv[1:] or sys.argv[1] in app.help_flags:
            _load_all()
        app()
    except (SettingsError, PlatformError) as error:
        told = error.public if isinstance(error, PlatformError) else str(error)
        sys.stderr.write("".join(f"ipse: {line}\n" for line in told.splitlines()))
        raise SystemExit(1) from None


def _load_all() -> None:
    """Load every command: what one does is said where it lives, and the list of all says it too."""
    for name in app:
        app[name]
