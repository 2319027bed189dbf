"""What is written down is in step with the source."""

from __future__ import annotations

import re
import tomllib

from tests.architecture.source_tree import ROOT
from tools.document_errors import DOCUMENT, document


def test_every_error_code_is_documented() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "type: make reference"


def test_every_dependency_is_pinned_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = {
        "runtime.txt": project["project"]["dependencies"],
        "test.txt": project["project"]["dependencies"] + groups["test"],
        "build.txt": groups["build"],
        "postgresql.txt": groups["postgresql"],
    }
    for name, dependencies in wanted.items():
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        pinned = set(re.findall(r"^([\w.-]+)==\S+(?: ; .*)? \\\n {4}--hash=sha256:", text, re.MULTILINE))
        missing = [name for name in dependencies if name.replace("_", "-") not in pinned]
        assert not missing, f"{name} lacks {', '.join(missing)}: type make pins"


def test_locks_name_no_place_to_download_from() -> None:
    locks = [*(ROOT / "requirements").iterdir(), ROOT / "package-lock.json"]
    assert not [lock.name for lock in locks if "://" in re.sub(r'"url": "[^"]*"', "", lock.read_text("utf-8"))]
