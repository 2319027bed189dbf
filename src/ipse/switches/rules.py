"""What a switch may be called."""

from __future__ import annotations

import re
from typing import Final

from ipse.switches.errors import SwitchRefused
from ipse.switches.model import EVERY, LONGEST_MODEL, Kind, phone_model

_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_WANTED: Final = {
    Kind.PHONE_MODEL: f"a phone model is maker and name, such as google pixel 7: at most {LONGEST_MODEL} characters",
    Kind.APP_VERSION: "a version of the app is written as the app says it, such as 1.4.2",
    Kind.SIGNING_KEY: "a signing key is named by the id of its credential",
    Kind.SIGNATURES: f"signatures have one switch, which is called {EVERY}",
}


def name(kind: Kind, typed: str) -> str:
    """The name of a switch as it is kept.

    Raises:
        SwitchRefused: it cannot be one of this kind.
    """
    found = phone_model(typed) if kind is Kind.PHONE_MODEL else typed.strip()
    fits = {
        Kind.PHONE_MODEL: 0 < len(found) <= LONGEST_MODEL and found.isprintable(),
        Kind.APP_VERSION: _VERSION.fullmatch(found) is not None,
        Kind.SIGNING_KEY: _CREDENTIAL.fullmatch(found) is not None,
        Kind.SIGNATURES: found == EVERY,
    }
    if not fits[kind]:
        raise SwitchRefused("name", public=_WANTED[kind], field="name")
    return found
