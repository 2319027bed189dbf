"""Where a browser goes on, and when a session holds."""

from __future__ import annotations

import pytest

from ipse.people.model import Account, AccountState
from ipse.sessions import rules


@pytest.mark.parametrize("place", ["/envelopes", "/envelopes/Ab_-9/documents/x?lang=nl", "/block"])
def test_our_own_pages(place: str) -> None:
    assert rules.onward(place) == place


@pytest.mark.parametrize(
    "place",
    ["", "//evil.example", "/\\evil", "https://evil.example", "/a/../b", "/a?x=1", "/a?lang=xx", "/a\n/b", "/a//b"],
)
def test_elsewhere_leads_home(place: str) -> None:
    assert rules.onward(place) == rules.HOME


def test_a_session_holds_while_its_person_is_active_and_was_before() -> None:
    def account(state: AccountState, activated_at: int | None) -> Account:
        return Account("a", state, None, "en", "high", 5, activated_at)

    assert rules.holds(account(AccountState.ACTIVE, 10), 10)
    assert not rules.holds(account(AccountState.ACTIVE, 11), 10), "activated anew since"
    assert not rules.holds(account(AccountState.BLOCKED, 5), 10)
    assert not rules.holds(account(AccountState.PENDING, None), 4)
