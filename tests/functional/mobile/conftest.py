"""A scheme that wakes phones and believes the sandbox's maker of phones, with everything else of the scam tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.cli.world_files import makers
from ipse.kernel.fraud import Fraud
from ipse.kernel.settings import PhonePolicy, PushSettings
from ipse.sandbox.world import World
from tests.functional.enrolment.conftest import keystore, stage
from tests.functional.fraud.conftest import scene
from tests.functional.fraud.scene import PLACES

__all__ = ["keystore", "scene", "stage"]


@pytest.fixture
def revoked() -> Callable[[World], tuple[str, ...]]:
    """Makers' certificates that this installation believes no more."""
    return lambda _: ()


@pytest.fixture
def more_settings(tmp_path: Path, revoked: Callable[[World], tuple[str, ...]]) -> dict[str, Any]:
    table = tmp_path / "places.csv"
    table.write_text(PLACES)

    def push(world: World) -> PushSettings:
        return PushSettings(services=(world.places.world,), contact="mailto:test@ipse.example")

    def phones(world: World) -> PhonePolicy:
        return PhonePolicy(attestation_roots=makers(tmp_path, world), revoked=revoked(world))

    return {"fraud": Fraud(places=str(table)), "push": push, "phones": phones, "minimum_app_version": "1.0.0"}
