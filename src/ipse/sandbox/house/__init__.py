"""A house whose front door and heating ask their people's phones: a partner without a browser.

It speaks OpenID CIBA Core 1.0 from its back end: a screen by the door pairs a phone by a moving code, and from then on
each press of a button becomes a request on that phone, tied to the screen by two digits.

`model` who it is and what it can do · `client` the protocol · `rooms` what it remembers · `http` its screen.
"""

from ipse.sandbox.house.model import HOUSE

__all__ = ["HOUSE"]
