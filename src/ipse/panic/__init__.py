"""Blocking an identity without its phone: codes on printed sheets, for the person and for people they trust.

A code can be used on a page without login, or in a telephone menu. Whoever tries codes learns nothing from the
answers and is soon stopped. Start with `rules`, then `service`.
"""

from ipse.panic.errors import TelephoneRefused, TooManyContacts, UnknownSheet
from ipse.panic.model import Holder, NewSheet, Outcome, Sheet, Telephone

__all__ = [
    "Holder",
    "NewSheet",
    "Outcome",
    "Sheet",
    "Telephone",
    "TelephoneRefused",
    "TooManyContacts",
    "UnknownSheet",
]
