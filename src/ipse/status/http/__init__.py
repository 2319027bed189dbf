"""The addresses of the status page: pages for people, documents for programs."""

from ipse.status.http.pages import StatusPages
from ipse.status.http.programs import Programs

__all__ = ["Programs", "StatusPages"]
