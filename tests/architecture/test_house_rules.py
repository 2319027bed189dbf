"""The house rules hold, and each of them finds what it is for."""

from __future__ import annotations

import pytest

from tests.architecture.house_rules import RULES, Rule
from tests.architecture.source_tree import PACKAGE, Module, modules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps(rule: Rule) -> None:
    findings = [f"{module.place}:{finding.line}: {finding.advice}" for module in modules() for finding in rule(module)]
    assert not findings, f"{rule.__doc__}\n" + "\n".join(findings)


# (rule, where, a line that breaks it)
BROKEN = [
    ("sql_is_never_built", "people/store.py", 'f"select name from people where id = {person}"'),
    ("sql_is_never_built", "people/store.py", '"delete from people where id = %s" % person'),
    ("sql_is_never_built", "people/store.py", '"select name from people " + where'),
    ("sql_is_never_built", "people/store.py", '"update people set {}".format(change)'),
    ("sql_stands_in_stores", "people/service.py", '"select name from people where id = $1"'),
    ("columns_are_named", "people/store.py", '"select * from people"'),
    ("columns_are_named", "people/store.py", '"update people set name = $1 where id = $2 returning *"'),
    ("one_clock", "people/service.py", "datetime.now(tz=UTC)"),
    ("one_clock", "sandbox/bank.py", "datetime.datetime.now(tz=UTC)"),
    ("one_clock", "people/service.py", "time.time()"),
    (
        "secrets_are_compared_in_constant_time",
        "oidc/rules.py",
        "given.client_secret == partner.client_secret",
    ),
    ("secrets_are_compared_in_constant_time", "oidc/rules.py", "form['code_verifier'] != wanted"),
    ("patterns_match_whole_values", "people/rules.py", "re.match('[a-z]+', name)"),
    ("patterns_match_whole_values", "people/rules.py", "NAME.match(name)"),
    ("patterns_match_whole_values", "people/rules.py", "re.compile('^[a-z]+$')"),
    ("outgoing_http_is_in_clients", "enrolment/service.py", "import httpx"),
    ("outgoing_http_is_in_clients", "enrolment/http.py", "from httpx import AsyncClient"),
    ("outgoing_http_is_in_clients", "web/pages.py", "import httpcore"),
    ("calls_end", "enrolment/clients.py", "httpx.AsyncClient(base_url=bank)"),
    ("calls_end", "cli/doctor.py", "subprocess.run(command, check=True)"),
    ("routes_declare_their_caller", "oidc/http/token.py", "from starlette.routing import Route"),
    ("routes_declare_their_caller", "app.py", "app.add_route('/secret', answer)"),
]

KEPT = [
    ("sql_is_never_built", "people/http.py", 'f"Select a person from {country}"'),
    ("sql_is_never_built", "people/store.py", '"select " + _COLUMNS + " from people"'),
    ("sql_is_never_built", "people/store.py", 'f"select name from people where id in ({_PLACES})"'),
    ("sql_stands_in_stores", "people/store.py", '"select name from people where id = $1"'),
    ("sql_stands_in_stores", "people/http.py", '"Update your app."'),
    ("columns_are_named", "people/store.py", '"select count(*) from people"'),
    ("one_clock", "kernel/clock.py", "datetime.now(tz=UTC)"),
    ("one_clock", "people/service.py", "clock.now()"),
    ("secrets_are_compared_in_constant_time", "oidc/rules.py", "token_type == wanted"),
    ("secrets_are_compared_in_constant_time", "oidc/rules.py", "hmac.compare_digest(proof, wanted)"),
    ("patterns_match_whole_values", "people/rules.py", "re.fullmatch('[a-z]+', name)"),
    ("outgoing_http_is_in_clients", "enrolment/clients.py", "import httpx"),
    ("outgoing_http_is_in_clients", "web/outgoing.py", "import httpcore"),
    ("calls_end", "enrolment/clients.py", "httpx.AsyncClient(base_url=bank, timeout=5)"),
    ("routes_declare_their_caller", "oidc/http/token.py", "from ipse.web.routes import Route"),
]


@pytest.mark.parametrize(("name", "place", "line"), BROKEN)
def test_a_broken_rule_is_found(name: str, place: str, line: str) -> None:
    assert list(_rule(name)(Module(PACKAGE / place, line)))


@pytest.mark.parametrize(("name", "place", "line"), KEPT)
def test_what_keeps_the_rule_is_left_alone(name: str, place: str, line: str) -> None:
    assert not list(_rule(name)(Module(PACKAGE / place, line)))


def _rule(name: str) -> Rule:
    return next(rule for rule in RULES if rule.__name__ == name)
