"""Use cases of actions, by who uses them.

`requests`: front doors, waiting browsers, partners. `messages`: taking a phone's message, the one function that judges
a code, blocking. `approvals`: what phones do with requests. `fallbacks`: approving without the phone, where a
service allows it.
"""

from ipse.actions.service.approvals import Approvals
from ipse.actions.service.fallbacks import FallbackApprovals
from ipse.actions.service.messages import Messages
from ipse.actions.service.requests import Actions

__all__ = ["Actions", "Approvals", "FallbackApprovals", "Messages"]
