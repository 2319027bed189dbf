"""What a worker can still do once it is confined: nearly nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TRIES = """
import ctypes, json, os, resource, socket, sys, threading
from ipse.documents.worker.confinement import apart, confine

libc, other = ctypes.CDLL(None, use_errno=True), os.getppid()


def call(name, *values):
    if getattr(libc, name)(*values) < 0:
        raise OSError(ctypes.get_errno(), name)


walls = confine(5, 500, is_apart=apart())
tries = {
    "read a file": lambda: open("/etc/passwd").read(),
    "read our secrets": lambda: open(sys.argv[1]).read(),
    "read the environment": lambda: open("/proc/self/environ").read(),
    "list a folder": lambda: os.listdir("/"),
    "write a file": lambda: open("/tmp/written-by-a-worker", "w").write("x"),
    "keep a file in memory": lambda: os.write(os.memfd_create("x"), b"x"),
    "open a socket": lambda: socket.socket(),
    "open a local socket": lambda: socket.socket(socket.AF_UNIX),
    "start a process": os.fork,
    "start a program": lambda: os.execv("/bin/true", ["true"]),
    "start a thread": lambda: threading.Thread(target=print).start(),
    "end another process": lambda: os.kill(os.getppid(), 9),
    "end another process by a queue": lambda: call("sigqueue", other, 0, None),
    "limit another process": lambda: resource.prlimit(other, resource.RLIMIT_CORE, (0, 0)),
    "slow another process down": lambda: os.setpriority(os.PRIO_PROCESS, other, 19),
    "move another process": lambda: os.sched_setaffinity(other, {0}),
    "let others read a file": lambda: os.chmod(sys.argv[1], 0o644),
    "give a file away": lambda: os.chown(sys.argv[1], 1, 1),
    "date a file back": lambda: os.utime(sys.argv[1]),
    "mark a file": lambda: os.setxattr(sys.argv[1], "user.x", b"x"),
    "empty a file": lambda: os.truncate(sys.argv[1], 0),
    "leave memory behind": lambda: call("shmget", 0, 4096, 0o1600),
    "leave a queue behind": lambda: call("msgget", 0, 0o1600),
    "take its limits away": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9)),
    "take memory": lambda: bytes(600_000_000),
    "ask for its own limits": lambda: resource.prlimit(0, resource.RLIMIT_CORE),
    "import a module": lambda: __import__("wave"),
}
done = {}
for name, attempt in tries.items():
    try:
        attempt()
    except (OSError, MemoryError, RuntimeError, ValueError):
        done[name] = False
    else:
        done[name] = True
print(json.dumps([sorted(walls), done]))
"""


def test_nearly_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a key")
    command = [sys.executable, "-c", TRIES, str(secret)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    walls, done = json.loads(said.stdout)
    assert walls == ["calls", "files", "network"]
    assert [name for name, possible in done.items() if possible] == ["ask for its own limits", "import a module"]


def test_time_is_limited_by_the_kernel() -> None:
    program = "from ipse.documents.worker.confinement import confine\nconfine(1, 500, is_apart=False)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert done.returncode < 0
