"""What people are told by a second channel, e-mail and text message, when something happens to their identity.

A change of an identity writes its notice in its own transaction (`service.Notices.telling`); afterwards it is rendered
in the person's language and sent, tried again until it arrives, and each sending is kept for the person to see. Start
with `model`, then `service`.
"""

from ipse.notices.events import TOLD
from ipse.notices.model import Channel, Contact, NoticeKind

__all__ = ["TOLD", "Channel", "Contact", "NoticeKind"]
