"""The portal's words: each act is explained, and each value reads as people say it."""

from __future__ import annotations

import pytest

from ipse.kernel.ids import RandomIds
from ipse.portal.http.words import Words
from ipse.portal.model import Act
from ipse.portal.service.copies import _cell
from ipse.web import languages
from ipse.web.pages import Pages


def test_every_act_has_its_words() -> None:
    for texts in languages.load(("ipse.portal",)).values():
        for act in Act:
            for part in ("title", "text", "purpose"):
                assert texts.text(f"portal.act.{act}.{part}", scheme="Ipse", named="x")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (True, "Yes"),
        ("", "–"),
        (["BEL", "NLD"], "BEL, NLD"),
        ({"formatted": "Quay 1", "locality": "Gent"}, "Quay 1"),
        ({"city": "Gent", "country": None}, "Gent"),
        ({"format": "image/png", "value": "AAAA"}, "A photo"),
    ],
)
def test_a_value_reads_as_people_say_it(value: object, read: str) -> None:
    pages = Pages(name="Ipse", ids=RandomIds(), packages=("ipse.portal", "ipse.fallback", "ipse.notices"))
    words = Words(pages, "en")
    assert words.value(value) == read
    assert words.masked("85073003328") == "*********28"
    assert words.masked({"number": "592"}) == "******"
    assert words.attribute("given_name") == "First names"
    assert words.field("whatever_this_is") == "whatever this is"


@pytest.mark.parametrize("dangerous", ["=1+1", "+32 485", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_calculates_nothing(dangerous: str) -> None:
    assert _cell(dangerous) == "'" + dangerous
    assert _cell("Ada") == "Ada"
