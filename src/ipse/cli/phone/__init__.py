"""`ipse phone`: the phone in Python, for a person at a terminal and for programs.

`commands` is what can be said, `beside` fingerprints and being woken, `recovery` what concerns the identity as a whole,
`fallbacks` days without this phone, `signing` documents and signing certificates, `options` what every command takes,
`printing` how answers read.
"""

from ipse.cli.phone import beside, fallbacks, recovery, signing
from ipse.cli.phone.commands import HELP, app

__all__ = ["HELP", "app", "beside", "fallbacks", "recovery", "signing"]
