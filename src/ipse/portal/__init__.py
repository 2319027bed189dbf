"""A person on our own pages: their portal, once signed in, and blocking an identity without login.

Signed in they see what happened with their identity, what partners have of them, and all that is kept; they take back,
take along, and leave. What shows values or cannot be undone costs the code (`service.acts`).

The page that blocks says the same, and takes the same time, for every number and every birth date (T-16): what was
typed is only written down, sealed, and looked at afterwards. Start with `service`.
"""

from ipse.portal.errors import ApprovalOver, NothingToWithdraw, NotOpened, UnknownEntry
from ipse.portal.events import BLOCK_ASKED, PURGED, WITHDRAWN
from ipse.portal.model import DOOR, HOME, PAGE, Wish

__all__ = [
    "BLOCK_ASKED",
    "DOOR",
    "HOME",
    "PAGE",
    "PURGED",
    "WITHDRAWN",
    "ApprovalOver",
    "NotOpened",
    "NothingToWithdraw",
    "UnknownEntry",
    "Wish",
]
