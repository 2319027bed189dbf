"""Table `oidc_assertions`: client assertions that were used, until they would be refused as expired anyway."""

from __future__ import annotations

from ipse.storage.database import Database

USE_ASSERTION = """
insert into oidc_assertions (digest, usable_until) values ($1, $2)
on conflict (digest) do nothing returning digest
"""
FORGET_ASSERTIONS = """
delete from oidc_assertions where usable_until < $1 returning digest
"""


async def use_assertion(database: Database, digest: bytes, usable_until: int) -> bool:
    """Take an assertion's single use; False if somebody has taken it before. Microseconds UTC."""
    return await database.row(USE_ASSERTION, digest, usable_until) is not None


async def forget_assertions(database: Database, before: int) -> int:
    """Forget assertions that cannot be used any more; how many there were."""
    return len(await database.rows(FORGET_ASSERTIONS, before))
