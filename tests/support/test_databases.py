from ipse.storage.database import Database
from ipse.storage.migrations import pending


async def test_a_test_gets_a_migrated_database_of_its_own(database: Database, engine: str) -> None:
    assert database.engine == engine
    assert await pending(database) == []


async def test_an_empty_database_has_nothing_applied(empty_database_url: str) -> None:
    from ipse.storage.database import open_database
    from ipse.storage.migrations import history

    opened = await open_database(empty_database_url)
    try:
        assert await pending(opened) == [migration.name for migration in history()]
    finally:
        await opened.close()
