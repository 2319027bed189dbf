"""Phones: the device key and code keys of one copy of the app, the chain of its messages, its tries of the code.

Every signed message is received here: signature, state, repeat, chain value, in that order. Start with `model`, then
`service`.
"""

from ipse.phones.errors import (
    MalformedMessageError,
    PhoneCopiedError,
    PhoneStoppedError,
    UnknownPhoneError,
    WrongSignatureError,
)
from ipse.phones.model import Answer, CodeKey, NewPhone, Phone, PhoneState, Received, SimState

__all__ = [
    "Answer",
    "CodeKey",
    "MalformedMessageError",
    "NewPhone",
    "Phone",
    "PhoneCopiedError",
    "PhoneState",
    "PhoneStoppedError",
    "Received",
    "SimState",
    "UnknownPhoneError",
    "WrongSignatureError",
]
