"""Incidents and planned maintenance: what is out of order, how to go on meanwhile, and whom the operator must tell.

An incident has a timeline; the duties to notify that it starts, and whether it is a significant one, are computed from
its kind and numbers. Start with `model`, then `rules`, then `service`.
"""

from ipse.incidents.errors import (
    AlreadyResolved,
    MalformedIncident,
    NothingToDo,
    NotResolved,
    UnknownIncident,
    UnknownMaintenance,
)
from ipse.incidents.events import CHANGED, DUTY_DUE
from ipse.incidents.model import (
    Duty,
    Extent,
    Function,
    Guide,
    Impact,
    Incident,
    Kind,
    Maintenance,
    State,
    Update,
    Way,
)

__all__ = [
    "CHANGED",
    "DUTY_DUE",
    "AlreadyResolved",
    "Duty",
    "Extent",
    "Function",
    "Guide",
    "Impact",
    "Incident",
    "Kind",
    "Maintenance",
    "MalformedIncident",
    "NotResolved",
    "NothingToDo",
    "State",
    "UnknownIncident",
    "UnknownMaintenance",
    "Update",
    "Way",
]
