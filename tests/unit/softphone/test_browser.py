"""Reading the one form of a page."""

from __future__ import annotations

from ipse.softphone.browser import fill, first_form

PAGE = """<html><body><form id="login" method="POST" action="/go?x=1&amp;y=2">
<input type="hidden" name="csrf" value="t&quot;oken"><select name="person"><option value="ada">Ada</option></select>
<button name="decision" value="approve">Yes</button><button name="decision" value="refuse">No</button></form>
<form action="/other"><input type="hidden" name="not" value="this"></form></body></html>"""


def test_the_first_form_is_read_with_its_hidden_values() -> None:
    form = first_form(PAGE)
    assert form is not None
    assert (form.method, form.action) == ("post", "/go?x=1&y=2")
    assert form.fields == {"csrf": 't"oken'}
    assert form.choices == {"person", "decision"}


def test_only_what_is_asked_is_answered() -> None:
    form = first_form(PAGE)
    assert form is not None
    answers = {"person": "ada", "decision": "approve", "never": "asked"}
    assert fill(form, answers) == {"csrf": 't"oken', "person": "ada", "decision": "approve"}


def test_a_page_without_form_has_none() -> None:
    assert first_form("<p>Sorry</p>") is None
