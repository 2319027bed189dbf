#!/usr/bin/env python3
"""Write docs/reference/errors.md from the error classes: run by `make reference`, compared by a test."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import ipse
from ipse.kernel.errors import PlatformError

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reference" / "errors.md"
HEAD = """\
# Error codes

Every refusal has a code that stays the same over versions; its wording may change. Programs go by the code, people
read the title. An answer never says more than this: what exactly was wrong is in the log of the installation.
The texts below stand beside the errors in the source; `make reference` writes this page.

## What the scheme answers

| code | status | title | when |
|---|--:|---|---|
"""
PROGRAMS = """
## What the programs that talk to the scheme say

`ipse phone` and the sandbox print these codes with `--json`; they never travel over the wire.

| code | when |
|---|---|
"""


def document() -> str:
    """Make the page."""
    answers: dict[str, list[str]] = {}
    programs: dict[str, list[str]] = {}
    for error in sorted(_errors(), key=lambda error: error.__module__):
        if issubclass(error, PlatformError):
            row = f"| `{error.code}` | {error.status} | {error.title} |"
            answers.setdefault(row, []).append(_when(error))
        else:
            programs.setdefault(f"| `{error.__dict__['code']}` |", []).append(_when(error))
    return HEAD + _rows(answers) + PROGRAMS + _rows(programs)


def _rows(table: dict[str, list[str]]) -> str:
    """One row for each refusal, whatever its reasons."""
    return "".join(f"{row} {' Or: '.join(dict.fromkeys(reasons))} |\n" for row, reasons in sorted(table.items()))


def _errors() -> Iterator[type[Exception]]:
    """Each error class with a code of its own, once."""
    for module in pkgutil.walk_packages(ipse.__path__, "ipse."):
        if module.name.endswith(".errors"):
            for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                code = member.__dict__.get("code")
                foreseen = code != PlatformError.code or module.name == "ipse.web.errors"
                if member.__module__ == module.name and issubclass(member, Exception) and code and foreseen:
                    yield member


def _when(error: type[Exception]) -> str:
    """Return the first paragraph of its docstring, as one line."""
    return " ".join((inspect.getdoc(error) or "").partition("\n\n")[0].split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(f"{DOCUMENT.name}\n")
    DOCUMENT.write_text(document(), encoding="utf-8")
