"""The sandbox's Belgian eID: cards that answer APDUs, the authorities that issued them, and a reader for browsers.

`authorities` makes the certificates (own roots, marked as play), `personal` a card's keys and files, `applet` is the
chip, `responder` says which certificates are good, `slot` is the reader with the card in it, `web_eid` the native
program of Web eID, `http` all of it over the wire. `extension/` is for people's own browsers.

Where the real thing is closed or not described, the applet answers as ISO 7816-4 says. It shares no code with the
scheme: what reads and checks cards is in `standards`, and each side is the other's judge.
"""

from ipse.sandbox.eid.authorities import Authorities
from ipse.sandbox.eid.slot import PIN

__all__ = ["PIN", "Authorities"]
