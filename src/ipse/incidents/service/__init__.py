"""Use cases of incidents, their duties, planned maintenance, and what is said and published of them."""

from ipse.incidents.service.incidents import Change, Incidents, NewIncident

__all__ = ["Change", "Incidents", "NewIncident"]
