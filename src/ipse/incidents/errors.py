"""How changes of incidents are refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class UnknownIncident(PlatformError):
    """No incident with this id."""

    code = "unknown_incident"
    status = 404
    title = "There is no such incident"


class UnknownMaintenance(PlatformError):
    """No planned maintenance with this id that can still be called off."""

    code = "unknown_maintenance"
    status = 404
    title = "There is no such maintenance, or it is over"


class MalformedIncident(PlatformError):
    """What was given cannot be an incident; `public` says which part and how to mend it."""

    code = "malformed_incident"
    status = 422
    title = "This does not describe an incident"


class AlreadyResolved(PlatformError):
    """The incident is over: what comes after it belongs into its post-mortem, or into a new one."""

    code = "already_resolved"
    status = 409
    title = "This incident is over"


class NotResolved(PlatformError):
    """A post-mortem is published when the incident is over."""

    code = "not_resolved"
    status = 409
    title = "This incident is not over yet"


class NothingToDo(PlatformError):
    """The incident does not start this duty, or it has been done."""

    code = "no_such_duty"
    status = 409
    title = "This incident does not start that duty, or it has been done"
