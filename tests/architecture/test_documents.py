"""What is written down is in step with the source."""

from __future__ import annotations

import re
import tomllib

from ipse.web.limits import KINDS
from ipse.web.routes import Caller
from tests.architecture.source_tree import ROOT
from tools.write_reference import build_routes, pages


def test_every_error_code_and_every_address_is_documented() -> None:
    stale = [
        page.name for page, text in pages().items() if not page.exists() or page.read_text(encoding="utf-8") != text
    ]
    assert not stale, f"{', '.join(stale)} is older than the source: type make reference"


async def test_every_address_says_who_may_call_it_and_how_often() -> None:
    for routes in await build_routes():
        assert routes
        assert [route.path for route in routes if route.caller not in Caller or route.limit not in KINDS] == []


def test_every_dependency_is_pinned_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = {
        "runtime.txt": project["project"]["dependencies"],
        "pkcs11.txt": project["project"]["dependencies"] + project["project"]["optional-dependencies"]["pkcs11"],
        "test.txt": project["project"]["dependencies"] + groups["test"],
        "build.txt": groups["build"],
        "postgresql.txt": groups["postgresql"],
    }
    for name, dependencies in wanted.items():
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        pinned = set(re.findall(r"^([\w.-]+)==\S+(?: ; .*)? \\\n {4}--hash=sha256:", text, re.MULTILINE))
        missing = [name for name in dependencies if re.sub(r"\[.*\]", "", name).replace("_", "-") not in pinned]
        assert not missing, f"{name} lacks {', '.join(missing)}: type make pins"


def test_locks_name_no_place_to_download_from() -> None:
    locks = [*(ROOT / "requirements").iterdir(), ROOT / "package-lock.json"]
    assert not [lock.name for lock in locks if "://" in re.sub(r'"url": "[^"]*"', "", lock.read_text("utf-8"))]
