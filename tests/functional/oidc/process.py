"""One real server process: `python -m tests.functional.oidc.process DATABASE KEYSTORE PORT BASE_PORT`."""

from __future__ import annotations

import asyncio
import logging
import sys

import msgspec
import structlog

from ipse.app.server import serve
from ipse.kernel.settings import Address
from tests.functional.oidc.installation import settings_at


def ready() -> None:
    """Say that the port answers."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    database_url, keystore, port, base_port = sys.argv[1:]
    settings = msgspec.structs.replace(
        settings_at(int(base_port), database_url),
        keystore=keystore,
        listen=Address("127.0.0.1", int(port)),
        app_listen=Address("127.0.0.1", int(port) + 1),
    )
    # Standard output is for `ready` alone.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    # It ends with its standard input: no test leaves a process behind.
    asyncio.run(serve(settings, lifeline=0, ready=ready))
