"""`ipse phone`: the phone in Python, for a person at a terminal and for programs.

`commands` is what can be said, `recovery` what concerns the identity as a whole,
`options` what every command takes, `printing` how answers read.
"""

from ipse.cli.phone import recovery
from ipse.cli.phone.commands import HELP, app

__all__ = ["HELP", "app", "recovery"]
