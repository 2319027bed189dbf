"""Whether a candidate can vouch for identities: what is expected, and how it is tried, is in `clients.examination`."""

from __future__ import annotations

from ipse.enrolment.clients.examination import AFTER_LOGIN, EXPECTATIONS, Examination, Finding, opened_examination

__all__ = ["AFTER_LOGIN", "EXPECTATIONS", "Examination", "Finding", "opened_examination"]
