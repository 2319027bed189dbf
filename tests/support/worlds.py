"""The sandbox's world, for installations of one test each."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path

from ipse.kernel.ids import RandomIds
from ipse.sandbox.places import Places
from ipse.sandbox.world import World


def world_in(folder: Path, port: int) -> World:
    """A world below a folder, its scheme at a port of this machine; a test run makes the keys once for each port."""
    kept = Path(_made(port).name)
    return World.create(shutil.copytree(kept, folder / "world"), Places.on_this_machine(port), RandomIds())


@functools.cache
def _made(port: int) -> tempfile.TemporaryDirectory[str]:
    kept = tempfile.TemporaryDirectory(prefix="ipse-world-")
    World.create(Path(kept.name), Places.on_this_machine(port), RandomIds())
    return kept
