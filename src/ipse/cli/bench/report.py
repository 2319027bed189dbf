"""Figures of a measurement: medians over interleaved rounds, beside what the machine could do in the same minutes."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from ipse.cli.bench.calibration import Calibration
from ipse.cli.bench.driver import Round

AIM_MILLISECONDS = {"server": 1.8, "database": 0.7, "together": 2.5}
"""Processor time of one login with ES256 on PostgreSQL."""


@dataclass(slots=True)
class Measured:
    """One engine with one preset over all rounds; times in milliseconds."""

    engine: str
    preset: str
    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    in_verifications: list[float] = field(default_factory=list)
    """Processor time of a login as a number of ES256 verifications, as this core did them in that round."""
    errors: list[str] = field(default_factory=list)
    counts: dict[str, float] = field(default_factory=dict)

    def add(self, done: Round, cpu: tuple[float, float], calibration: Calibration) -> None:
        """Take a round in."""
        self.errors += done.errors
        if not done.logins:
            return
        rate = done.logins / done.seconds
        self.rates.append(rate)
        self.latencies += [one * 1000 for one in done.latencies]
        self.server.append(cpu[0] * 1000 / done.logins)
        self.database.append(cpu[1] * 1000 / done.logins)
        self.in_verifications.append(sum(cpu) * calibration.es256_verifications / done.logins)

    def figures(self) -> dict[str, Any]:
        """All of it for programs."""
        ordered = sorted(self.latencies)
        return {
            "engine": self.engine,
            "preset": self.preset,
            "logins_per_second": _spread(self.rates),
            "latency_ms": {"p50": _quantile(ordered, 0.50), "p99": _quantile(ordered, 0.99)},
            "cpu_ms_per_login": {
                "server": _median(self.server),
                "database": _median(self.database),
                "together": _median([one + two for one, two in zip(self.server, self.database, strict=True)]),
            },
            "cpu_in_es256_verifications": _median(self.in_verifications),
            "per_login": self.counts,
            "logins": len(self.latencies),
            "errors": len(self.errors),
            "first_errors": self.errors[:3],
        }


_COLUMNS = (
    "logins/s\nmin–max",
    "ms: p50\np99",
    "CPU ms\nserver\ndatabase",
    "CPU ms\ntogether",
    "in ES256\nverifies",
    "state-\nments",
    "errors",
)


def print_figures(console: Console, figures: dict[str, Any]) -> None:
    """For people."""
    table = Table(title="Whole logins on one core, its database included", title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("database\npreset", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    for one in figures["results"]:
        rate, latency, cpu = one["logins_per_second"], one["latency_ms"], one["cpu_ms_per_login"]
        table.add_row(
            f"{one['engine']}\n{one['preset']}",
            f"{rate['median']:.0f}\n{rate['min']:.0f}–{rate['max']:.0f}",
            f"{latency['p50']:.0f}\n{latency['p99']:.0f}",
            f"{cpu['server']:.2f}\n{cpu['database']:.2f}",
            f"{cpu['together']:.2f}",
            f"{one['cpu_in_es256_verifications']:.0f}",
            f"{one['per_login'].get('statements', 0):.1f}",
            str(one["errors"]),
        )
    console.print(table)
    for one in figures["results"]:
        rest = {name: count for name, count in one["per_login"].items() if name != "statements"}
        told = ", ".join(f"{name} {count:.1f}" for name, count in sorted(rest.items()))
        console.print(f"{one['engine']}, {one['preset']}, per login: {told}")
        for error in one["first_errors"]:
            console.print(f"  error: {error}", markup=False)
    calibration = figures["calibration"]
    console.print(
        f"The same core in the same minutes: {calibration['es256_verifications']:.0f} ES256 verifications "
        f"per CPU second, "
        f"{calibration['durable_inserts']:.0f} durable inserts/s (SQLite, one by one)."
    )
    aim = figures["aim_cpu_ms"]
    console.print(
        f"Aim with ES256 on PostgreSQL: {aim['together']} ms CPU (server {aim['server']}, database {aim['database']})."
    )
    for line in figures["how"]:
        console.print(f"· {line}", markup=False)


def _median(values: list[float]) -> float:
    return round(median(values), 3) if values else 0.0


def _spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {"median": 0.0, "min": 0.0, "max": 0.0}
    return {"median": _median(values), "min": round(min(values), 1), "max": round(max(values), 1)}


def _quantile(ordered: list[float], part: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 2) if ordered else 0.0
