"""One server process of an installation: `python -m tests.functional.oidc.process DATABASE KEYSTORE PORT BASE_PORT`."""

from __future__ import annotations

import asyncio
import sys

from ipse.app.keystores import open_keystore
from ipse.kernel.clock import SystemClock
from ipse.storage.database import open_database
from tests.functional.oidc.installation import build, listening, settings_at


async def main(database_url: str, keystore: str, port: int, base_port: int) -> None:
    """Serve until standard input ends; `base_port` is the one in the issuer, shared by all processes."""
    database = await open_database(database_url)
    _, application = build(settings_at(base_port, database_url), open_keystore(keystore), database, clock=SystemClock())
    async with listening(application, port):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
