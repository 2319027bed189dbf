"""Where the world's e-mail and text messages arrive: one inbox for each address and number.

An SMTP listener and an SMS gateway take messages from whoever may send them; pages show them to people, an address
answers programs. `model` what is kept · `smtp` the listener · `http` gateway and pages.
"""

from ipse.sandbox.inboxes.model import Inboxes, Message

__all__ = ["Inboxes", "Message"]
