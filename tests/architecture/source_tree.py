"""The source as data: every module of the package with its text and its syntax tree."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "ipse"
TESTS = ROOT / "tests"

# Packages that are not features: they have module names of their own choice.
NOT_FEATURES = frozenset(
    {
        "app",
        "certification",
        "cli",
        "kernel",
        "probes",
        "process",
        "sandbox",
        "signature_activation",
        "softphone",
        "standards",
        "status",
        "storage",
        "web",
    },
)


@dataclass(frozen=True)
class Module:
    """One file of Python."""

    path: Path
    text: str

    @property
    def place(self) -> str:
        """Its path as a person would write it."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def parts(self) -> tuple[str, ...]:
        """Its place inside the package: ("oidc", "http", "token")."""
        return self.path.relative_to(PACKAGE).with_suffix("").parts

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.place)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))


@cache
def modules(folder: Path = PACKAGE) -> tuple[Module, ...]:
    """Every Python file below the folder, in a stable order."""
    return tuple(Module(path, path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py")))


def features() -> frozenset[str]:
    """The feature packages there are."""
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return frozenset(packages - NOT_FEATURES)
