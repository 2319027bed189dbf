"""What the kernel knows of processes: on which core they run and how much of it they used."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


def cores() -> list[int]:
    """The cores this process may use."""
    return sorted(os.sched_getaffinity(0))


def pin(pid: int, core: int) -> None:
    """Keep a process with all its threads on one core; children inherit it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    everybody = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal())
    return [one for one in everybody if _fields(one)[1:2] == [str(pid)]]


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, of its living children and of those it has waited for."""
    own = _fields(pid)
    ticks = sum(int(value) for value in own[11:15])
    for child in children(pid):
        ticks += sum(int(value) for value in _fields(child)[11:13])
    return ticks * _TICK_SECONDS


def _fields(pid: int) -> list[str]:
    """/proc/PID/stat from the state on (proc(5)); empty when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def model() -> str:
    """The processor's name, as far as the kernel tells."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"
