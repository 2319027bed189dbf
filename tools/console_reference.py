"""The page of docs/reference that says who of the scheme's staff may do what, from the table that decides it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ipse.console import rules
from ipse.console.model import What

_TEXTS = Path(__file__).parent.parent / "src/ipse/console/messages/en.json"
_FOR = {
    "support": "people on the line",
    "reviewer": "partners and what they may ask",
    "security": "switches, releases, views, incidents",
    "auditor": "reading everything that was done",
    "administrator": "the scheme's staff, banks' and mobile operators' first members",
}
PAGE = """\
# Roles

Who of the scheme's staff may do what in the console. One table decides (`ipse.console.rules`), every page and form asks
it, and `make reference` writes this page from it. Nobody can sign in as somebody else: there is no such thing.

| role | is for |
|---|---|
{roles}
What has an entry in the last column is never done by one person: whoever may asks with a reason, and a second person
with one of those roles decides, which does it. Auditors read everything and change nothing; administrators manage staff
and see nothing of people.

| what | may do it, or ask for it | the second person |
|---|---|---|
{table}
On the machine itself, `ipse account`, `ipse partner`, `ipse registrar`, `ipse mobile-operator` and `ipse operator` do
the same alone, for whoever holds the keystore: it is how the first administrator comes, and what remains when nobody
can sign in. Each writes its audit line.
"""


def roles_page() -> str:
    """Write the table down."""
    texts = msgspec.json.decode(_TEXTS.read_bytes(), type=dict[str, str])
    return PAGE.format(
        roles="".join(f"| `{role}` | {_FOR[role]} |\n" for role in rules.EVERYBODY),
        table="".join(f"| {texts[f'what.{what}']} | {_names(what)} | {_second(what)} |\n" for what in What),
    )


def _names(what: What) -> str:
    return ", ".join(f"`{role}`" for role in sorted(rules.PERMISSIONS[what]))


def _second(what: What) -> str:
    return ", ".join(f"`{role}`" for role in sorted(rules.DECIDING.get(what, ()))) or "–"
