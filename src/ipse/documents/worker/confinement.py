"""What is taken away from a worker before it sees a document.

Limits are the kernel's: time, memory, open files, no file written, no core. Then, where the kernel can: an empty
network (namespaces), no file but Python's own (Landlock), and no program, process, socket or look into others
(seccomp). What could not be taken away is told, so that an operator is warned; the limits themselves always hold.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sysconfig
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

_IPSE: Final = Path(__file__).parents[2]
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_NEW_NETWORK, _NEW_USERS = 0x40000000, 0x10000000
_NO_NEW_PRIVILEGES, _DIE_WITH_PARENT, _SECCOMP, _DUMPABLE = 38, 1, 22, 4
_FILTER = 2
_CAPABILITIES: Final = 0x20080522
"""The version of their description (linux/capability.h)."""


class Confined(StrEnum):
    """A wall that stands."""

    NETWORK = "network"
    """No network at all."""
    FILES = "files"
    """No files but those of Python and of this package, and those only to read."""
    CALLS = "calls"
    """The kernel refuses sockets, programs, processes, whatever touches others, and what would outlive the worker."""


def apart() -> bool:
    """Leave the network, for this process and all that come of it; without the right to, nothing happens."""
    return 0 in (_LIBC.unshare(_NEW_NETWORK), _LIBC.unshare(_NEW_USERS | _NEW_NETWORK))


def confine(seconds: int, megabytes: int, *, is_apart: bool) -> tuple[Confined, ...]:
    """Take everything away from this process that a job does not need; for good."""
    _limit(seconds, megabytes)
    _without_privileges()
    _LIBC.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    _LIBC.prctl(_DUMPABLE, 0, 0, 0, 0)
    _LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    walls = {Confined.NETWORK: is_apart, Confined.FILES: _without_files(), Confined.CALLS: _without_calls()}
    return tuple(wall for wall, stands in walls.items() if stands)


def _limit(seconds: int, megabytes: int) -> None:
    most = {
        resource.RLIMIT_AS: megabytes * 1_000_000,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for kind, value in most.items():
        resource.setrlimit(kind, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def _without_privileges() -> None:
    """Let go of every capability: those of root, and those that a namespace of its own has brought."""
    _LIBC.capset(struct.pack("=Ii", _CAPABILITIES, 0), bytes(24))


# Landlock (linux/landlock.h). The numbers of its calls are the same on every machine.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights over files each version knows; later ones know 16."""


def _without_files() -> bool:
    """Take away all files but Python's own."""
    version = _LIBC.syscall(_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    every = (1 << _RIGHTS.get(version, 16)) - 1
    rules = _LIBC.syscall(_CREATE, struct.pack("=Q", every), ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    for folder in _pythons_own():
        opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        _LIBC.syscall(_ADD, rules, 1, struct.pack("=Qi", _READ_FILE | _READ_FOLDER, opened), 0)
        os.close(opened)
    done: int = _LIBC.syscall(_RESTRICT, rules, 0)
    os.close(rules)
    return done == 0


def _pythons_own() -> set[str]:
    """Where modules lie that are imported only when they are needed, such as Python's text encodings."""
    paths = sysconfig.get_paths()
    named = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return {folder for folder in (*named, str(_IPSE)) if Path(folder).is_dir()}


_ARCHITECTURES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""How the kernel names the machine, and which number of a call is its own."""
_REFUSED_CALLS: Final[Mapping[str, tuple[int, int | None]]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "accept4": (288, 242),
    "bind": (49, 200),
    "listen": (50, 201),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fork": (57, 220),
    "vfork": (58, 220),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "io_uring_setup": (425, 425),
    "io_setup": (206, 0),
    # Signals to others, by other ways than kill.
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    # Others' priority, processors and memory.
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    # Memory and queues that stay when the worker has gone.
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semctl": (66, 191),
    "msgget": (68, 186),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    # Whom a file belongs to, who may read it, and when it was written: Landlock knows nothing of it.
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "truncate": (76, 45),
}
"""What no job needs: by machine, the number of each call; None where it has no such call."""
_LIMITS: Final = (302, 261)
"""prlimit64: of others no, of itself yes, because the C library asks by it."""
_LOAD, _IS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_FIRST: Final = 16
"""Where the first argument of a call stands: zero means the process itself."""
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000


def _without_calls() -> bool:
    """Have the kernel refuse what no job needs, and end a process that speaks another machine's language."""
    if platform.machine() not in _ARCHITECTURES:
        return False
    architecture, column = _ARCHITECTURES[platform.machine()]
    steps = [(_LOAD, 0, 0, 4), (_IS, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    steps += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    refused = (numbers[column] for numbers in _REFUSED_CALLS.values())
    for number in (number for number in refused if number is not None):
        steps += [(_IS, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    steps += [(_IS, 0, 3, _LIMITS[column]), (_LOAD, 0, 0, _FIRST), (_IS, 1, 0, 0), (_RETURN, 0, 0, _REFUSE)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    kept = ctypes.create_string_buffer(program)
    described = struct.pack("@HP", len(steps), ctypes.addressof(kept))
    done: int = _LIBC.prctl(_SECCOMP, _FILTER, described, 0, 0)
    return done == 0
