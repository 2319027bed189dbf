"""docs/guides/rest-sessions.md, every command of it as it stands, in one shell on a sandbox of its own."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.presence import absent
from tests.support.sandbox import IPSE, Sandbox, running_sandbox

GUIDE = Path("docs/guides/rest-sessions.md")
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SHELL = """
set -euo pipefail
ipse() {{
  if [ "$1" != phone ]; then {ipse} "$@"; return; fi
  if [ "$2" != approve ]; then {ipse} "$@" --store {store}; return; fi
  content=$3
  for turn in 1 2 3 4; do
    if {ipse} phone approve "$content" --code 13579 --store {store}; then return; fi
    # Too busy to hand it over in time: the next code of the same page.
    curl -s -b jar "{base}$(grep -oE '/v2/sign-in/[A-Za-z0-9_-]+' page.html | head -1)" -o again.html
    content=$(grep -oE 'data-content="[^"]*"' again.html | cut -d'"' -f2)
  done
  return 1
}}
"""

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("guide")) as running:
        yield running


def test_the_guide_works_as_written(sandbox: Sandbox, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        absent("curl", "run `make test` as root, or `apt-get install curl`")
    # The phone lives in a file of its own; everything else is the reader's shell.
    commands = SHELL.format(ipse=shlex.join(IPSE), store=tmp_path / "phone.json", base=sandbox.base)
    commands += "\n".join(_BLOCK.findall(GUIDE.read_text()))
    commands = commands.replace("http://localhost:8000", sandbox.base)
    commands = commands.replace("world/ipse.toml", str(sandbox.folder / "data" / "ipse.toml"))
    done = subprocess.run(
        ["bash"], input=commands, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    result = next(line for line in done.stdout.splitlines() if '"SUCCESS"' in line)
    session = msgspec.json.decode(result[result.index("{") : result.rindex("}") + 1])
    assert session["subject"]["attributes"] == {"given_name": "Ada", "birthdate": "1988-05-17"}
    assert session["externalReference"] == "card 7"
    counter = msgspec.json.decode((tmp_path / "counter.json").read_bytes())
    assert counter["status"] == "WAITING_FOR_USER"
    assert counter["qr"].startswith("data:image/png")
