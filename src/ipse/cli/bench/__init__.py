"""`ipse bench`: how many whole logins a core does, and what one costs.

`arena` sets servers up, `seed` fills their databases, `driver` logs in over HTTP, `calibration` says what the machine
can do at that moment, `counted` counts statements and signatures in a pass of its own, `report` tells it.
"""

from ipse.cli.bench.commands import app

__all__ = ["app"]
