"""Who may do what: one table, with admin and audit apart."""

from __future__ import annotations

import pytest

from ipse.console import rules
from ipse.console.model import What
from ipse.staff import Role


def test_audit_and_administration_are_apart_from_what_they_watch() -> None:
    """T-4: an auditor changes nothing, an administrator does nothing with people, every second person has a role."""
    for what in rules.CHANGING:
        assert Role.AUDITOR not in rules.PERMISSIONS[what], what
    for what in rules.OF_PEOPLE:
        assert Role.ADMINISTRATOR not in rules.PERMISSIONS[what], what
        assert Role.AUDITOR not in rules.PERMISSIONS[what], what
    for what, roles in rules.DECIDING.items():
        assert roles, what
        assert roles <= rules.POWERFUL, what


def test_every_thing_has_somebody_who_may_do_it() -> None:
    assert set(rules.PERMISSIONS) == set(What)
    assert set(rules.DECIDING) <= set(What)


@pytest.mark.parametrize(
    ("typed", "number", "account"),
    [
        ("+32 485 69 41 75", True, False),
        ("0032 485694175", True, False),
        ("q8Zk2J7mVx1n4Bt0Ye6RwA", False, True),
        ("Lovelace", False, False),
        ("'; drop table", False, False),
        ("", False, False),
    ],
)
def test_what_was_typed_is_told_apart(typed: str, number: bool, account: bool) -> None:
    assert (rules.is_number(typed), rules.is_account(typed)) == (number, account)


def test_a_number_is_read_however_it_is_typed() -> None:
    assert rules.international("0032 485/69.41.75") == rules.international("+32 (485) 694175") == "+32485694175"
