"""`ipse fraud`: what people report, and whether a table of places can be used."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.table import Table

from ipse.cli.configuration import CLOCK, DEFAULT_CONFIG, Config, opened
from ipse.fraud.service.flags import Flags
from ipse.fraud.service.guards import read_table
from ipse.kernel.clock import text

app = App(name="fraud", help="See what people report about requests, and check a table of places.")
console = Console()
_KINDS = {"pair": "partner and network", "partner": "partner", "network": "network"}


@app.command
async def reports(*, config: Config = DEFAULT_CONFIG) -> None:
    """List what people said they had not started, by partner and network. Nothing here is about a person.

    A network is a keyed digest: the same network has the same digest, and nobody can read an address from it.
    """
    table = Table("what", "partner", "network", "weight", "reports", "first", "last")
    async with opened(config) as (settings, database, keystore):
        for flag in await Flags(settings.fraud, database, keystore, CLOCK).all():
            network = flag.name.rpartition(" ")[2] if flag.kind != "partner" and flag.name != flag.partner_id else ""
            times = (text(flag.first_at), text(flag.changed_at))
            table.add_row(_KINDS[flag.kind], flag.partner_id, network, f"{flag.weight:.1f}", str(flag.reports), *times)
    # A file or a pipe has no width.
    Console(width=None if console.is_terminal else 240, markup=False, highlight=False).print(table)


@app.command
def places(file: Path, /) -> None:
    """Check a table of places; each line that cannot be used is named.

    Parameters
    ----------
    file
        CSV with the columns network,country,place,lat,lon
    """
    table = read_table(str(file))
    console.print(f"{sum(map(len, table.by_length.values()))} networks, every line can be used")
