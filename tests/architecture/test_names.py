"""Names say what a thing is about."""

from __future__ import annotations

from tests.architecture.source_tree import TESTS, modules

# A drawer that holds everything is where nothing is found.
DRAWERS = {"base", "common", "helper", "helpers", "misc", "shared", "stuff", "util", "utils", "tools"}


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = [
        module.place
        for module in (*modules(), *modules(TESTS))
        if DRAWERS & {part.strip("_") for part in module.path.relative_to(TESTS.parent).with_suffix("").parts}
    ]
    assert not drawers, "name it after what it holds, or put it beside its only user:\n" + "\n".join(drawers)


def test_every_package_says_what_it_is() -> None:
    silent = [
        module.place
        for module in modules()
        if module.path.name == "__init__.py" and not module.tree.body and module.parts != ("__init__",)
    ]
    assert not silent, "a package opens with a docstring: what this is, its main words, where to start:\n" + (
        "\n".join(silent)
    )
