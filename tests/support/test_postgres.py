import asyncpg

from tests.support.postgres import Postgres


async def test_the_server_answers_in_utf8_and_utc(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        encoding = await connection.fetchval("select current_setting('server_encoding')")
        zone = await connection.fetchval("select current_setting('TimeZone')")
    finally:
        await connection.close()
    assert (encoding, zone) == ("UTF8", "UTC")
