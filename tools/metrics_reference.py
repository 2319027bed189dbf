"""The page of docs/reference about measurements, written from `ipse.telemetry.metrics`."""

from __future__ import annotations

from ipse.telemetry import metrics
from ipse.telemetry.instruments import Instrument, Timings

_PAGE = """\
# Measurements

`GET /metrics` at the address of the table `[metrics]` of the settings, and nowhere else, answers Prometheus in its text
format or in OpenMetrics. Each process has its own; one that serves the app's or the staff's origin alone answers one or
two ports further on. No label says anything about a person, a partner or a request: an unknown address is the route
`unknown`, and a measurement with more than 1000 rows counts the rest as `other`. How to use them:
[docs/guides/watch-it.md](../guides/watch-it.md). `make reference` writes this page from the source.

| name | kind | labels | what it says |
|---|---|---|---|
{rows}
Beside them stand the process's own (`process_*`: processor time, memory, files) and Python's (`python_*`).

## Bounds of histograms

Seconds; each has `+Inf` as well.

| name | bounds |
|---|---|
{bounds}"""


def metrics_page() -> str:
    """List each measurement."""
    found = metrics.instruments()
    return _PAGE.format(rows="".join(map(_row, found)), bounds="".join(map(_bounds, found)))


def _row(one: Instrument) -> str:
    labels = ", ".join(f"`{label}`" for label in one.labels)
    return f"| `{one.name}` | {one.kind} | {labels} | {one.help} |\n"


def _bounds(one: Instrument) -> str:
    if not isinstance(one, Timings):
        return ""
    return f"| `{one.name}` | {', '.join(f'{bound:g}' for bound in one.bounds)} |\n"
