"""What is switched off everywhere at once: a phone model, a version of the app, a signing key, all signatures (B-72).

A row is a switch that is off. Each process knows all of them and reads them again every two seconds and whenever one
changes, so that asking costs nothing. A person, a partner, a bank and a mobile operator are switched off by the state
of their own rows. Start with `model`.
"""

from ipse.switches.errors import AppVersionOff, PhoneModelOff, SwitchRefused
from ipse.switches.model import EVERY, Kind, Off

__all__ = ["EVERY", "AppVersionOff", "Kind", "Off", "PhoneModelOff", "SwitchRefused"]
