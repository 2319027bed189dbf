"""`docs/guides/register-a-partner.md`: each command of it works as it stands."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from tests.architecture.source_tree import ROOT
from tests.functional.partners.test_partner_commands import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

GUIDE = ROOT / "docs" / "guides" / "register-a-partner.md"


def commands() -> list[list[str]]:
    """Every `ipse partner …` that the guide types at a prompt, without comments."""
    text = GUIDE.read_text(encoding="utf-8").replace("\\\n", " ")
    typed = re.findall(r"^\$ ipse partner (.+)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in typed]


def test_every_command_works_as_it_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    there = Terminal(tmp_path / "there", capsys)
    here = Terminal(tmp_path / "here", capsys, base="http://localhost:19060")
    here.jwks("production-keys.json", "s1", "e1").rename(tmp_path / "production-keys.json")
    done, grant_id = [], ""
    for words in commands():
        if words[0] == "import":
            assert "registered" in here(*words)
        else:
            told = there(*(grant_id if word == "GRANT" else word for word in words))
            if words[:2] == ["grant", "add"]:
                grant_id = told.partition("; grant ")[2].split()[0]
        done.append(words[0])
    assert done.count("service") >= 3
    assert {"add", "rotate-secret", "grant", "log", "export", "import"} <= set(done)
