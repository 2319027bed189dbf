"""The files of docs/operations on real measurements: a sandbox in use, watched by a Prometheus of its own.

Every query of dashboard and rules returns data there, or stands in `EMPTY` with the reason why it does not.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from ipse.softphone import Activation, SoftPhone
from tests.support.presence import absent
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.visitor import Visitor

OPERATIONS: Final = Path(__file__).parents[3] / "docs" / "operations"
DASHBOARD: Final = json.loads((OPERATIONS / "grafana-dashboard.json").read_text())
CODE: Final = "86420"
CANARY: Final = "CanaryThatNobodyMayRead"
SECONDS: Final = 60
HEARD: Final[Any] = {"capture_output": True, "text": True, "timeout": 60}
# Why a query gives nothing in a sandbox that is well, by what it holds.
EMPTY: Final = {
    "ipse:calls_failed:ratio5m": "nobody we called was away",
    'outcome=~"failed|timeout"': "nobody we called was away",
    'outcome=~"unavailable|duplicate"': "the database was there, and no two did the same at once",
    'outcome="unavailable"': "the database was there",
    "ipse_signatures_total": "this sandbox signs nothing",
    "ipse_limits_hit_total": "the limits of a sandbox are generous",
    "ipse_database_connections": "SQLite has no connections to run out of",
    'audience="token_endpoint"': "the sandbox's partners name the issuer",
}
pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        absent(name, "apt-get install prometheus")
    return found


@dataclass(frozen=True)
class Watched:
    """A sandbox that people have used, and the Prometheus that watches it."""

    sandbox: Sandbox
    metrics: str
    prometheus: str

    def scraped(self) -> str:
        return httpx.get(self.metrics, timeout=10).text

    def ask(self, expr: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": expr}, timeout=10).json()
        assert answer["status"] == "success", (expr, answer)
        result = answer["data"]["result"]
        return result if answer["data"]["resultType"] == "vector" else [{"value": result}]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    metrics, port = free_port(), free_port()
    with (
        running_sandbox(folder, metrics_port=metrics) as sandbox,
        running_prometheus(folder, metrics, port) as prometheus,
        SoftPhone() as phone,
    ):
        found = Watched(sandbox, f"http://127.0.0.1:{metrics}/metrics", prometheus)
        until(lambda: bool(found.ask("up == 1")))
        phone.activate(Activation(base=sandbox.base, bank="bank-vesta", person="ada", code=CODE))
        log_in(sandbox, phone, "shop")
        until(lambda: bool(found.ask('ipse_approval_seconds_count{method="code"}')))
        log_in(sandbox, phone, "portal")  # what has grown between two looks has a rate
        ask_strangely(sandbox)
        until(lambda: bool(found.ask("ipse_people and on() ipse:approvals:median15m >= 0")))
        yield found


def log_in(sandbox: Sandbox, phone: SoftPhone, client_id: str) -> None:
    """Twice, and once more begun and left."""
    with contextlib.closing(Visitor(sandbox.base, sandbox.partner(client_id))) as visitor:
        for _ in range(2):
            page = visitor.start()
            phone.approve(phone.claim(page.qr), CODE)
            assert visitor.redeem(visitor.finish(page), page).status_code == 200
        visitor.start()


def ask_strangely(sandbox: Sandbox) -> None:
    """What a stranger may try, with a mark that must turn up nowhere."""
    with httpx.Client(base_url=sandbox.base, timeout=10) as stranger:
        stranger.get(f"/{CANARY}/{CANARY}?{CANARY}={CANARY}", headers={"X-Request-Id": CANARY, "traceparent": CANARY})
        stranger.get(f"/v2/sign-in/{CANARY}")
        stranger.request(CANARY.upper(), "/v2/token")
        stranger.post("/v2/token", data={"client_id": CANARY, "code": CANARY, "grant_type": CANARY})
        stranger.get("/v2/authorization", params={"client_id": "shop", "scope": CANARY, "login_hint": "+32485694175"})


@contextlib.contextmanager
def running_prometheus(folder: Path, metrics: int, port: int) -> Iterator[str]:
    """Debian's Prometheus with our own configuration, in a hurry."""
    settings = (OPERATIONS / "prometheus.yml").read_text().replace("15s", "1s").replace("9100", str(metrics))
    for rules in OPERATIONS.glob("*-rules.yml"):
        shutil.copy(rules, folder)
    (folder / "prometheus.yml").write_text(settings)
    command = [program("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    with (folder / "prometheus.log").open("wb") as output:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], stdout=output, stderr=output
        )
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: httpx.get(f"{address}/-/ready", timeout=2).status_code == 200)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number: int = listener.getsockname()[1]
        return number


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if there():
                return
        time.sleep(0.2)
    raise AssertionError("it did not come in time")


def dashboard_queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]


def rule_queries(name: str) -> list[str]:
    return re.findall(r"^ +expr: (.+)$", (OPERATIONS / name).read_text(), re.MULTILINE)


def telling(expr: str) -> str:
    """The query without its thresholds: each comparison tells 0 or 1 instead of leaving rows out."""
    return re.sub(r" (>=|<=|==|!=|>|<) ", r" \1 bool ", expr)


def test_rules_and_alerts_are_as_prometheus_wants_them() -> None:
    rules = sorted(str(path) for path in OPERATIONS.glob("*-rules.yml"))
    promtool = program("promtool")
    checked = subprocess.run([promtool, "check", "rules", *rules], check=False, **HEARD)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = subprocess.run(
        [promtool, "test", "rules", "alert-rules.test.yml"],
        cwd=OPERATIONS,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_is_tried_and_has_its_words_in_the_guide() -> None:
    alerts = re.findall(r"alert: (\w+)", (OPERATIONS / "alert-rules.yml").read_text())
    tried = (OPERATIONS / "alert-rules.test.yml").read_text()
    guide = (OPERATIONS.parent / "guides" / "watch-it.md").read_text()
    assert len(alerts) == len(set(alerts)) == 18
    for alert in alerts:
        assert re.search(rf"alertname: {alert}\n +exp_alerts", tried), alert
        assert f"`{alert}`" in guide, alert


def test_every_query_returns_data(watched: Watched) -> None:
    queries = [*dashboard_queries(), *rule_queries("recording-rules.yml"), *rule_queries("alert-rules.yml")]
    assert len(queries) > 60
    silent = [query for query in queries if not watched.ask(telling(query.replace("$instance", ".*")))]
    unexplained = [query for query in silent if not any(part in query for part in EMPTY)]
    assert not unexplained
    used = {part for query in silent for part in EMPTY if part in query}
    assert used == set(EMPTY), f"{set(EMPTY) - used} return data: leave them out"


def test_a_sandbox_that_is_well_rings_nothing(watched: Watched) -> None:
    assert watched.ask('ALERTS{alertstate="firing"}') == []


def test_promtool_finds_nothing_to_mend_in_what_is_given_out(watched: Watched) -> None:
    text = watched.scraped()
    linted = subprocess.run([program("promtool"), "check", "metrics"], input=text, check=False, **HEARD)
    ours = [line for line in (linted.stdout + linted.stderr).splitlines() if line.startswith("ipse_")]
    assert not ours
    opened = httpx.get(watched.metrics, headers={"Accept": "application/openmetrics-text; version=1.0.0"}, timeout=10)
    assert opened.headers["content-type"].startswith("application/openmetrics-text")
    assert opened.text.endswith("# EOF\n")


def test_nothing_of_anybody_is_in_the_measurements(watched: Watched) -> None:
    """T-19: what was planted in addresses, queries, headers and bodies, and all that is known of a person."""
    text = watched.scraped()
    world = watched.sandbox.world
    ada = next(person for person in world["persons"] if person["id"] == "ada")
    about = [word for value in flat(ada) for word in str(value).split() if len(word) > 4]
    ours = {"portal"}  # a feature is called so, too
    partners = {partner["client_id"] for partner in world["partners"]} - ours
    assert "Lievens" in about
    for planted in (CANARY, CANARY.upper(), CANARY.lower(), CODE, "485694175", *about, *partners):
        assert f'"{planted}"' not in text, planted
        assert len(planted) < 6 or planted not in text, planted
    labels = set(re.findall(r'(\w+)="', text))
    assert labels <= {
        "route", "method", "status", "le", "limit", "code", "kind", "state", "waiting", "peer", "outcome", "feature",
        "operation", "due", "handler", "name", "audience", "set", "version", "environment", "database", "generation",
        "implementation", "major", "minor", "patchlevel",
    }  # fmt: skip
    assert 'route="unknown"' in text


def flat(value: Any) -> Iterator[Any]:
    """Every single value of nested ones."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from flat(each)
    else:
        yield value


def test_nothing_else_is_served_there_and_the_issuer_does_not_serve_it(watched: Watched) -> None:
    place = watched.metrics.removesuffix("/metrics")
    assert httpx.get(place + "/", timeout=5).status_code == 404
    assert httpx.post(watched.metrics, timeout=5).status_code == 404
    assert httpx.get(watched.sandbox.base + "/metrics", timeout=5).status_code == 404
