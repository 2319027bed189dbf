"""Where a request comes from, as ASGI tells it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from ipse.kernel.addresses import LOCAL_SOCKET, UNKNOWN, client_behind


def by_local_socket(application: ASGIApp) -> ASGIApp:
    """The application as our local socket serves it: its connections have a name in place of an address.

    uvicorn knows no client there, as it does when a client is gone already: absence must not count as a name.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "client": (LOCAL_SOCKET, 0)}, receive, send)

    return serve


def client_address(scope: Scope, trusted_proxies: tuple[str, ...]) -> str:
    """The address of the client as text; `X-Forwarded-For` counts where a named proxy has sent it."""
    client = scope.get("client")
    peer = client[0] if client else UNKNOWN
    if not trusted_proxies:
        return peer
    hops = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for")
    return client_behind(peer, hops, trusted_proxies)
