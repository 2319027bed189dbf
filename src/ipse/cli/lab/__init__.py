"""`ipse lab`: an installation that outside judges can drive, from one file.

`file` says what may be written, `seeding` makes keys and registers clients, `phone` is the phone that answers by
itself or by an HTTP call, `suite` fills in the configurations of the judges' programs.
"""

from ipse.cli.lab.commands import app

__all__ = ["app"]
