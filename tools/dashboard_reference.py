"""The Grafana dashboard of docs/operations, written from the list below: a panel is a title and its queries."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

_WIDTH = 24
_SOURCE = {"type": "prometheus", "uid": "${source}"}


class Panel(NamedTuple):
    """One panel: its queries with their legends, its unit, and how wide and what kind it is."""

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    wide: int = 8
    kind: str = "timeseries"
    about: str = ""


def one(
    title: str, expr: str, legend: str, unit: str = "short", wide: int = 8, kind: str = "timeseries", about: str = ""
) -> Panel:
    """A panel of one query."""
    return Panel(title, ((expr, legend),), unit, wide, kind, about)


_AT = 'instance=~"$instance"'
SECTIONS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Now",
        (
            one("Processes that answer", 'count(up{job="ipse"} == 1)', "", wide=4, kind="stat"),
            one(
                "Requests a second",
                f"sum(rate(ipse_http_request_seconds_count{{{_AT}}}[5m]))",
                "",
                "reqps",
                4,
                "stat",
            ),
            one("Own faults", "ipse:http_errors:ratio5m", "", "percentunit", 4, "stat", "Answers of 500 and more."),
            one("Approved of begun", "ipse:approved:rate15m / ipse:begun:rate15m", "", "percentunit", 4, "stat"),
            one("People with an identity", "max(ipse_people)", "", wide=4, kind="stat"),
            one("Last line of the audit log", "max(ipse_audit_head_seq)", "", wide=4, kind="stat"),
        ),
    ),
    (
        "People",
        (
            one("Requests by state", "sum by (state) (ipse:actions:rate5m)", "{{state}}", "ops"),
            one("Begun by kind", 'sum by (kind) (ipse:actions:rate5m{state="waiting"})', "{{kind}}", "ops"),
            one("Approved by method", "ipse:approvals_by_method:rate1h", "{{method}}", "ops"),
            one("Time to approval, half of all", "ipse:approvals:median15m", "{{kind}}", "s"),
            one("Waiting now", f"sum by (waiting) (ipse_waits{{{_AT}}})", "{{waiting}}"),
            one("Signatures", "sum by (outcome) (rate(ipse_signatures_total[5m]))", "{{outcome}}", "ops"),
        ),
    ),
    (
        "Requests",
        (
            one("By class of answer", "sum by (status) (ipse:http_requests:rate5m)", "{{status}}", "reqps"),
            one("By route", "topk(10, sum by (route) (ipse:http_requests:rate5m))", "{{route}}", "reqps"),
            one("Time to the answer, 95 of 100", "topk(10, ipse:http_latency:p95_5m)", "{{route}}", "s"),
            one("Refused, by code", "topk(10, sum by (code) (rate(ipse_refusals_total[5m])))", "{{code}}", "ops"),
            one("Limits hit", "sum by (limit) (rate(ipse_limits_hit_total[5m]))", "{{limit}}", "ops"),
            Panel(
                "Allowance used",
                (
                    ("ipse:http_errors:ratio1h / 0.0005", "1 hour"),
                    ("ipse:http_errors:ratio6h / 0.0005", "6 hours"),
                ),
                about="1: just what an objective of 99.95 % allows.",
            ),
        ),
    ),
    (
        "Others",
        (
            one("Calls by peer and outcome", "ipse:calls:rate5m", "{{peer}} {{outcome}}", "ops"),
            one("Calls that fail", "ipse:calls_failed:ratio5m", "{{peer}}", "percentunit"),
            one("Time of calls, 95 of 100", "ipse:call_latency:p95_5m", "{{peer}}", "s"),
            one(
                "Proofs of partners by audience",
                "sum by (audience) (rate(ipse_partner_proofs_total[1h]))",
                "{{audience}}",
                "ops",
                about="token_endpoint is the older reading; who uses it: ipse partner show.",
            ),
        ),
    ),
    (
        "Database",
        (
            one("Statements by feature", "sum by (feature) (ipse:database:rate5m)", "{{feature}}", "ops"),
            one("Time of statements, 95 of 100", "ipse:database_latency:p95_5m", "{{feature}}", "s"),
            one("Connections", f"sum by (state) (ipse_database_connections{{{_AT}}})", "{{state}}"),
            Panel(
                "Statements that did not end well",
                (
                    (
                        'sum by (outcome) (rate(ipse_database_seconds_count{outcome=~"unavailable|duplicate"}[5m]))',
                        "{{outcome}}",
                    ),
                ),
                "ops",
            ),
        ),
    ),
    (
        "Inside",
        (
            one("News that waits", "max by (due) (ipse_outbox_events)", "{{due}}"),
            one(
                "Handlers",
                "sum by (handler, outcome) (rate(ipse_outbox_handled_total[5m]))",
                "{{handler}} {{outcome}}",
                "ops",
            ),
            one("Time of jobs", "sum by (name) (rate(ipse_job_seconds_sum[5m]))", "{{name}}", "s"),
            one(
                "Since jobs ended well",
                "time() - max by (name) (ipse_job_success_timestamp_seconds)",
                "{{name}}",
                "s",
            ),
            one("Age of keys", "max by (set, state) (ipse_key_age_seconds)", "{{set}} {{state}}", "s"),
            one(
                "Processor",
                f"sum by (instance) (rate(process_cpu_seconds_total{{{_AT}}}[5m]))",
                "{{instance}}",
                "percentunit",
            ),
            one("Memory", f"process_resident_memory_bytes{{{_AT}}}", "{{instance}}", "bytes"),
            one("Open files", f"process_open_fds{{{_AT}}}", "{{instance}}"),
            one("Measurements incomplete", f"sum(ipse_scrape_failed{{{_AT}}})", "processes"),
        ),
    ),
)


def dashboard() -> str:
    """The dashboard as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    down = 0
    for title, section in SECTIONS:
        panels.append({"type": "row", "title": title, "collapsed": False, "gridPos": _place(0, down, _WIDTH, 1)})
        down, across, tall = down + 1, 0, 4 if section[0].kind == "stat" else 8
        for panel in section:
            if across + panel.wide > _WIDTH:
                down, across = down + tall, 0
            panels.append(_panel(panel, _place(across, down, panel.wide, tall)))
            across += panel.wide
        down += tall
    for number, panel_ in enumerate(panels, start=1):
        panel_["id"] = number
    document = {
        "uid": "ipse",
        "title": "Ipse",
        "tags": ["ipse"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source(), _instance()]},
        "panels": panels,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _panel(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}} if panel.kind == "timeseries" else {},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": expr, "legendFormat": legend}
            for number, (expr, legend) in enumerate(panel.queries)
        ],
    }


def _place(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _instance() -> dict[str, Any]:
    return {
        "name": "instance",
        "label": "Process",
        "type": "query",
        "datasource": _SOURCE,
        "query": "label_values(ipse_build_info, instance)",
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }
