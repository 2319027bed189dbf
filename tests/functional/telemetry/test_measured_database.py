"""What a database is asked is measured by feature and operation, on both engines."""

from __future__ import annotations

import pytest

from ipse.storage.database import Database
from ipse.storage.errors import DuplicateError
from ipse.storage.measured import MeasuredDatabase, names_of
from ipse.storage.statement import Transaction, run
from ipse.telemetry import metrics
from tests.unit.telemetry.test_instruments import given_out

INSERT = "insert into statistics_turns (name, until) values ($1, $2)"


def count(*labels: str) -> float:
    return given_out(metrics.STATEMENTS).get(("ipse_database_seconds_count", frozenset(labels)), 0)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("\nselect a from actions_actions where b = $1", ("actions", "select")),
        (" update people_accounts set state = 'x'", ("people", "update")),
        (INSERT, ("statistics", "insert")),
        ("delete from storage_outbox where a = $1", ("storage", "delete")),
        ("with x as (select 1 from oidc_pushed) select 1", ("oidc", "select")),
        ("select 1 as one", ("none", "select")),
    ],
)
def test_a_statement_is_called_by_the_feature_and_what_it_does(text: str, names: tuple[str, str]) -> None:
    assert names_of(text) == names


async def test_statements_and_their_outcomes_are_counted(database: Database) -> None:
    measured = MeasuredDatabase(database)
    done, twice = count("statistics", "insert", "done"), count("statistics", "insert", "duplicate")
    several, raised = count("several", "transaction", "done"), count("several", "transaction", "other")
    await measured.rows(INSERT, "a", 1)
    with pytest.raises(DuplicateError):
        await measured.rows(INSERT, "a", 1)

    def working() -> Transaction[None]:
        yield from run(INSERT, "b", 2)

    def failing() -> Transaction[None]:
        yield from run(INSERT, "c", 2)
        raise LookupError

    await measured.transact(working)
    with pytest.raises(LookupError):
        await measured.transact(failing)
    assert await measured.row("select until from statistics_turns where name = $1", "c") is None
    assert count("statistics", "insert", "done") == done + 1
    assert count("statistics", "insert", "duplicate") == twice + 1
    assert count("several", "transaction", "done") == several + 1
    assert count("several", "transaction", "other") == raised + 1
    assert measured.statements == database.statements
    assert set(measured.load()) == ({"most", "made", "idle", "waiting"} if database.engine == "postgresql" else set())
