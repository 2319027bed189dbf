"""Every measurement of the scheme, by name. `docs/reference/metrics.md` is written from here.

A label has a small fixed set of values: route templates, kinds, states; never an id, a name or a number of anybody.
"""

from __future__ import annotations

from typing import Final

from ipse.telemetry.instruments import Counter, Gauge, Instrument, Timings

_QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_STATEMENTS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5)
_CALLS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_PEOPLE: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)

REQUESTS: Final = Timings(
    "ipse_http_request_seconds",
    "HTTP requests: how long until the answer began. Event streams and long polls begin theirs at once or when news "
    "comes, so look at the routes you mean.",
    ("route", "method", "status"),
    bounds=_QUICK,
)
LIMITS: Final = Counter("ipse_limits_hit_total", "Requests refused because one address asked too often.", ("limit",))
REFUSALS: Final = Counter(
    "ipse_refusals_total", "Requests refused with an error code of docs/reference/errors.md.", ("code",)
)
ACTIONS: Final = Counter(
    "ipse_actions_total",
    "Requests that wait for a person, each time one reached a state: waiting, claimed, approved, rejected, cancelled, "
    "expired, stopped (by a rule of the scheme), collected, redeemed, failed.",
    ("kind", "state", "method"),
)
APPROVALS: Final = Timings(
    "ipse_approval_seconds",
    "From the beginning of a request to its approval: how long people take, and we with them.",
    ("kind", "method"),
    bounds=_PEOPLE,
)
WAITS: Final = Gauge(
    "ipse_waits", "Waiting browsers (action), phones (account) and workers (other) of this process.", ("waiting",)
)
CALLS: Final = Timings(
    "ipse_call_seconds",
    "Calls to others, by what they are to us. Outcome: answered, refused (an answer of 400 or more), failed, timeout.",
    ("peer", "outcome"),
    bounds=_CALLS,
)
STATEMENTS: Final = Timings(
    "ipse_database_seconds",
    "Statements and transactions, by the feature whose tables they touch first. Outcome: done, duplicate, unavailable, "
    "other (what a transaction itself raised).",
    ("feature", "operation", "outcome"),
    bounds=_STATEMENTS,
)
CONNECTIONS: Final = Gauge(
    "ipse_database_connections",
    "PostgreSQL connections of this process: most, made, idle; and waiting, those who want one.",
    ("state",),
)
OUTBOX: Final = Gauge("ipse_outbox_events", "Events that a handler has not had: due now, or later.", ("due",))
OUTBOX_AGE: Final = Gauge("ipse_outbox_oldest_seconds", "Age of the oldest event that a handler has not had.")
HANDLERS: Final = Counter(
    "ipse_outbox_handled_total", "Handlers called with an event. Outcome: done, failed.", ("handler", "outcome")
)
JOBS: Final = Timings(
    "ipse_job_seconds", "Runs of jobs. Outcome: done, failed.", ("name", "outcome"), bounds=(0.01, 0.1, 1.0, 10.0, 60.0)
)
JOB_SUCCESS: Final = Gauge("ipse_job_success_timestamp_seconds", "When a job last ended well, Unix seconds.", ("name",))
SIGNATURES: Final = Counter(
    "ipse_signatures_total",
    "Approved requests to sign. Outcome: signed, refused (signature activation refused), unavailable (tried again).",
    ("outcome",),
)
PROOFS: Final = Counter(
    "ipse_partner_proofs_total",
    "Partners that proved themselves by a signed assertion. Audience: issuer, or token_endpoint, the older reading "
    "that partners which move here may still use (C-11).",
    ("audience",),
)
KEY_AGE: Final = Gauge(
    "ipse_key_age_seconds",
    "Age of our own keys. State: next (published, not used yet), current, retired.",
    ("set", "state"),
)
AUDIT_HEAD: Final = Gauge("ipse_audit_head_seq", "Number of the last line of the audit log. It only grows.")
PEOPLE: Final = Gauge("ipse_people", "People who have an identity, as last counted.")
BUILD: Final = Gauge("ipse_build_info", "Always 1.", ("version", "environment", "database"))
SCRAPE_FAILED: Final = Gauge(
    "ipse_scrape_failed", "1 where what is read from the database for an answer here could not be read."
)


def instruments() -> list[Instrument]:
    """All of them, in the order above."""
    return [value for value in globals().values() if isinstance(value, Instrument)]
