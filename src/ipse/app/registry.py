"""The register of partners with what it must be told from outside: which attributes there are."""

from __future__ import annotations

from typing import Final

from ipse.attributes.model import ATTRIBUTES
from ipse.kernel.clock import Clock
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Settings
from ipse.partners.model import Catalogue
from ipse.partners.service import Partners
from ipse.storage.database import Database

CATALOGUE: Final = Catalogue(
    known=frozenset(ATTRIBUTES),
    protected=frozenset(attribute.name for attribute in ATTRIBUTES.values() if attribute.protected),
)
"""What contracts may hold, and what needs a recorded grant in production."""


def open_registry(settings: Settings, database: Database, keystore: Keystore, clock: Clock) -> Partners:
    """The register of partners of one installation."""
    return Partners(database, keystore, clock, settings.environment, CATALOGUE)
