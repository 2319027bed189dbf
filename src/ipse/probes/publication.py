"""`probes.json`: the newest tries of each probe, written beside its place and renamed."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.process.published import publish
from ipse.status.files import PROBES, VERSION, Probe, ProbesFile, Sample

MOST_SAMPLES: Final = 20


@dataclass
class Publication:
    """What is published; kept in memory, written whole."""

    folder: Path
    clock: Clock
    interval_seconds: float
    _samples: dict[str, deque[Sample]] = field(default_factory=dict)
    _components: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, components: tuple[str, ...], sample: Sample) -> None:
        """Take a try up."""
        with self._lock:
            self._components[name] = components
            self._samples.setdefault(name, deque(maxlen=MOST_SAMPLES)).append(sample)

    def newest(self, name: str) -> list[Sample]:
        """The newest tries of a probe, oldest first."""
        return list(self._samples.get(name, ()))

    def keep_only(self, names: set[str]) -> None:
        """Forget the probes that there are no more."""
        with self._lock:
            for name in self._samples.keys() - names:
                del self._samples[name]

    def write(self) -> None:
        """Write the file."""
        with self._lock:
            probes = tuple(
                Probe(name, self._components[name], tuple(samples)) for name, samples in sorted(self._samples.items())
            )
            now = self.clock.now() // SECOND
            content = msgspec.json.encode(ProbesFile(VERSION, now, self.interval_seconds, probes))
            publish(self.folder / PROBES, content)
