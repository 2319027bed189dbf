"""What a scheme is built from."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.settings import Settings
from ipse.keyring.service import KeyRing
from ipse.storage.database import Database


@dataclass(frozen=True)
class Given:
    """Settings, keys, a database, a clock and randomness."""

    settings: Settings
    keystore: KeyRing
    database: Database
    clock: Clock
    ids: Ids
