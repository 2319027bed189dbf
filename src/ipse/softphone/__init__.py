"""The phone in Python: one copy of the app, without a screen.

It speaks the device protocol (docs/reference/device-protocol.md) and nothing else of the scheme: partners' automated
tests, our own and the load driver use it as a person would use the app.

    with SoftPhone(FileStore(path)) as phone:
        phone.activate(Activation(base="http://localhost:8000", bank="bank-vesta", person="ada", code="13579"))
        request = phone.claim(link)
        outcome = phone.approve(request, "13579")

Start with `phone.SoftPhone`. `state` is what a phone remembers, `store` where, `messages` what it says, `channel`
how it sends: one message at a time, stored before it is sent, the same bytes again until answered. `contents` judges
what is to be confirmed, `browser` walks the bank's pages of an activation as a browser would.
"""

from ipse.softphone.errors import (
    NoAnswer,
    NoPhone,
    NothingAsked,
    NotUnderstood,
    PhoneBusy,
    PhoneError,
    PhoneExists,
    Refused,
    UnusableLink,
    WeakCode,
)
from ipse.softphone.phone import Activated, Activation, Connecting, Outcome, Request, SoftPhone
from ipse.softphone.state import Device, State
from ipse.softphone.store import FileStore, MemoryStore

__all__ = [
    "Activated",
    "Activation",
    "Connecting",
    "Device",
    "FileStore",
    "MemoryStore",
    "NoAnswer",
    "NoPhone",
    "NotUnderstood",
    "NothingAsked",
    "Outcome",
    "PhoneBusy",
    "PhoneError",
    "PhoneExists",
    "Refused",
    "Request",
    "SoftPhone",
    "State",
    "UnusableLink",
    "WeakCode",
]
