"""`ipse partner`: partners, their services, keys, grants and request log.

`partners` is about a partner itself, `people` lets somebody of it into the portal, `services`, `keys`, `grants` and
`log` are about what belongs to it, `transfer` about moving it to another installation; `desk` opens the register.
"""

from ipse.cli.partner import events, grants, keys, log, partners, people, services, transfer
from ipse.cli.partner.desk import app

__all__ = ["app", "events", "grants", "keys", "log", "partners", "people", "services", "transfer"]
