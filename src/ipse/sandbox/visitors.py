"""The cookie by which a party of the world knows its visitor again."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import SimpleCookie

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class VisitorCookie:
    """One party's cookie, for its own path alone."""

    name: str
    path: str
    seconds: int
    secure: bool

    def read(self, request: Request) -> str:
        """Its value, empty where there is none."""
        cookies: SimpleCookie = SimpleCookie(request.headers.get("cookie", ""))
        return cookies[self.name].value if self.name in cookies else ""

    def set(self, response: Response, value: str) -> None:
        """Hand it out."""
        response.set_cookie(
            self.name,
            value,
            max_age=self.seconds,
            path=self.path,
            httponly=True,
            secure=self.secure,
            samesite="lax",
        )
