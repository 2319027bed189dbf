"""A person signed in to the scheme's own pages, with the phone, as at any partner: the scheme is its own partner here.

A page asks `service.Sessions.current` whose browser this is. Signing in is an ordinary action (`begin`), after which
the browser holds a fresh random cookie for at most twelve hours; the table holds its hash alone. Start with `model`.
"""

from ipse.sessions.errors import NotSignedIn, SignInOver
from ipse.sessions.model import DOOR, PARTNER, Session

__all__ = ["DOOR", "PARTNER", "NotSignedIn", "Session", "SignInOver"]
