"""Nothing grows past what one reads in a sitting; and tests keep to what one reads as well."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.architecture.source_tree import TESTS, Module, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE_LINES = 500
FUNCTION_LINES = 60
TEST_MODULE_LINES = 600


def test_no_module_is_longer_than_500_lines() -> None:
    long = [
        f"{module.place}: {len(module.text.splitlines())} lines"
        for module in modules()
        if len(module.text.splitlines()) > MODULE_LINES
    ]
    assert not long, "make it a package of the same name, one module per subject:\n" + "\n".join(long)


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{module.place}:{line} {name}: {length} lines"
        for module in modules()
        for name, line, length in functions(module)
        if length > FUNCTION_LINES
    ]
    assert not long, "give its steps names:\n" + "\n".join(long)


def test_no_test_module_is_longer_than_600_lines() -> None:
    long = [
        f"{module.place}: {len(module.text.splitlines())} lines"
        for module in modules(TESTS)
        if len(module.text.splitlines()) > TEST_MODULE_LINES
    ]
    assert not long, "split it by what is being shown:\n" + "\n".join(long)


def functions(module: Module) -> Iterator[tuple[str, int, int]]:
    """Each function with its first line and its length, the docstring not counted."""
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            first = node.body[0]
            described = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) else 0
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1 - described
