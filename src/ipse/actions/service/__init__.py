"""Use cases of actions, by who uses them.

`requests`: front doors, waiting browsers, partners. `messages`: taking a phone's message, the one function that judges
a code, blocking. `approvals`: what phones do with requests.
"""

from ipse.actions.service.approvals import Approvals
from ipse.actions.service.messages import Messages
from ipse.actions.service.requests import Actions

__all__ = ["Actions", "Approvals", "Messages"]
