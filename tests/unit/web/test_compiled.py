"""Compiled templates are kept for exactly the text they were made from, and nothing depends on them."""

from __future__ import annotations

import sys
from pathlib import Path

import jinja2
import pytest

from ipse.web import compiled
from ipse.web.compiled import CompiledTemplates


class Stage:
    """One template, rendered each time by a fresh environment."""

    def __init__(self, folder: Path) -> None:
        self.kept = folder / "__pycache__"
        self.template = folder / "page.html"
        self.compilations = 0

    def page(self, text: str = "Hello {{ name }}") -> str:
        self.template.write_text(text)
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self.template.parent),
            autoescape=True,
            bytecode_cache=CompiledTemplates(self.kept),
        )
        compiling = environment.compile

        def counting(*given: object, **named: object) -> object:
            self.compilations += 1
            return compiling(*given, **named)  # type: ignore[call-overload]

        environment.compile = counting  # type: ignore[method-assign,assignment]
        return environment.get_template("page.html").render(name="<Bo>")

    def restart(self) -> None:
        """What a process knows is gone when it ends."""
        compiled._known.clear()

    def file(self) -> Path:
        (found,) = self.kept.iterdir()
        return found


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(compiled, "_known", {})
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return Stage(tmp_path)


def test_the_same_text_is_compiled_once(stage: Stage) -> None:
    assert stage.page() == stage.page() == "Hello &lt;Bo&gt;"
    stage.restart()
    assert stage.page() == "Hello &lt;Bo&gt;"
    assert stage.compilations == 1


@pytest.mark.parametrize("restarted", [True, False])
def test_another_text_is_compiled_anew(stage: Stage, restarted: bool) -> None:
    stage.page()
    if restarted:
        stage.restart()
    assert stage.page("Bye {{ name }}") == "Bye &lt;Bo&gt;"
    assert stage.compilations == 2
    stage.restart()
    assert stage.page("Bye {{ name }}") == "Bye &lt;Bo&gt;"
    assert stage.compilations == 2


@pytest.mark.parametrize("damage", ["cut", "empty", "another version"])
def test_what_was_kept_and_cannot_be_used_is_made_again(
    stage: Stage, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.page()
    stage.restart()
    kept = stage.file().read_bytes()
    if damage == "another version":
        monkeypatch.setattr(compiled, "_MADE_BY", "jinja2 0")
    else:
        stage.file().write_bytes({"cut": kept[:-20], "empty": b""}[damage])
    assert stage.page() == "Hello &lt;Bo&gt;"
    assert stage.compilations == 2


def test_where_python_keeps_nothing_nothing_is_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert stage.page() == "Hello &lt;Bo&gt;"
    assert not stage.kept.exists()


def test_a_folder_that_cannot_be_written_is_no_obstacle(stage: Stage) -> None:
    stage.kept.write_text("a file, where a folder should be")
    assert stage.page() == stage.page() == "Hello &lt;Bo&gt;"
    assert stage.compilations == 1
