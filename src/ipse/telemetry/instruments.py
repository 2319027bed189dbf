"""Counters, timings and gauges of one process, given out in Prometheus' words by prometheus-client.

They count without locks, because everything of ours that counts runs in one event loop: a timing costs a third of a
microsecond, a tenth of the library's own, and a login counts some thirty times. The library does what is worth it:
names, formats, the process's own numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

MOST_SERIES: Final = 1000
"""Of one instrument: what would be more is counted as `other`, so that nobody outside can fill the memory."""
_OTHER: Final = "other"
Metric = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
Labels = tuple[str, ...]


class Instrument:
    """A measurement with its name, what it says, and its labels: each has a small fixed set of values."""

    kind = ""

    def __init__(self, name: str, help_: str, labels: Labels = ()) -> None:
        self.name = name
        self.help = help_
        self.labels = labels

    def metrics(self) -> Iterator[Metric]:
        """What it says now."""
        raise NotImplementedError

    def _bounded(self, labels: Labels, known: int) -> Labels:
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}")
        return labels if known < MOST_SERIES else (_OTHER,) * len(labels)


class Counter(Instrument):
    """Counts up."""

    kind = "counter"

    def __init__(self, name: str, help_: str, labels: Labels = ()) -> None:
        super().__init__(name, help_, labels)
        self._counts: dict[Labels, int] = {}

    def add(self, *labels: str, by: int = 1) -> None:
        """Count `by` more."""
        counts = self._counts
        if labels not in counts:
            labels = self._bounded(labels, len(counts))
            counts.setdefault(labels, 0)
        counts[labels] += by

    def metrics(self) -> Iterator[Metric]:
        """What it says now."""
        family = CounterMetricFamily(self.name.removesuffix("_total"), self.help, labels=self.labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family


class Timings(Instrument):
    """How long things took, in seconds, by bounds."""

    kind = "histogram"

    def __init__(self, name: str, help_: str, labels: Labels = (), *, bounds: tuple[float, ...]) -> None:
        super().__init__(name, help_, labels)
        self.bounds = bounds
        self._cells: dict[Labels, list[float]] = {}

    def note(self, seconds: float, *labels: str) -> None:
        """One more took so long."""
        cells = self._cells.get(labels)
        if cells is None:
            labels = self._bounded(labels, len(self._cells))
            cells = self._cells.setdefault(labels, [0] * (len(self.bounds) + 2))
        cells[bisect_left(self.bounds, seconds)] += 1
        cells[-1] += seconds

    def metrics(self) -> Iterator[Metric]:
        """What it says now."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        for labels, cells in self._cells.items():
            total, buckets = 0.0, []
            for bound, count in zip((*(f"{bound:g}" for bound in self.bounds), "+Inf"), cells[:-1], strict=True):
                total += count
                buckets.append((bound, total))
            family.add_metric(labels, buckets, cells[-1])
        yield family


class Gauge(Instrument):
    """A number that goes up and down; set when it is asked for, or kept by `set`."""

    kind = "gauge"

    def __init__(self, name: str, help_: str, labels: Labels = ()) -> None:
        super().__init__(name, help_, labels)
        self._values: dict[Labels, float] = {}

    def set(self, value: float, *labels: str) -> None:
        """It is this now."""
        if labels not in self._values:
            labels = self._bounded(labels, len(self._values))
        self._values[labels] = value

    def add(self, by: float, *labels: str) -> None:
        """It is so much more."""
        self.set(self._values.get(labels, 0) + by, *labels)

    def replace(self, values: Iterable[tuple[Labels, float]]) -> None:
        """These are all there are now."""
        self._values = {}
        for labels, value in values:
            self.set(value, *labels)

    def metrics(self) -> Iterator[Metric]:
        """What it says now."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self._values.items():
            family.add_metric(labels, value)
        yield family


class Board(Collector):
    """Instruments together, as prometheus-client collects them."""

    def __init__(self, instruments: Callable[[], Iterable[Instrument]]) -> None:
        self._instruments = instruments

    def collect(self) -> Iterator[Metric]:
        """All that they say now."""
        for instrument in self._instruments():
            yield from instrument.metrics()
