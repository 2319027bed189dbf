"""Pure decisions against scams: risk, places, decay, waiting, names of browsers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.fraud.model import Place, Signal, Verdict
from ipse.fraud.rules.browsers import browser_name
from ipse.fraud.rules.decay import decayed
from ipse.fraud.rules.places import distance_km, is_far, network_of, read_places
from ipse.fraud.rules.pressing import must_wait
from ipse.fraud.rules.risk import LINK, RULES, SCAN, SENT, Facts, judge, verdict_of
from ipse.kernel.clock import SECOND
from ipse.kernel.fraud import Fraud, Rate
from ipse.kernel.settings import SettingsError
from ipse.standards.calling_codes import CALLING_CODES
from ipse.standards.countries import ALPHA_3
from ipse.standards.phone_numbers import normalised

GHENT, LISBON = Place("BE", "Ghent", 51.05, 3.72), Place("PT", "Lisbon", 38.72, -9.14)
TABLE = """network,country,place,lat,lon
10.0.0.0/8,BE,Ghent,51.05,3.72
10.1.0.0/16,PT,Lisbon,38.72,-9.14
2001:db8::/32,FR,Lille,50.63,3.06
"""


def test_every_combination_of_signals_has_the_verdict_of_the_table() -> None:
    """Each written out, so that a changed rule is a changed test."""
    far, reported, call = Signal.FAR, Signal.REPORTED, Signal.CALL
    for start in (SCAN, SENT):
        assert verdict_of((), start) is Verdict.NONE
        assert verdict_of((reported,), start) is Verdict.WARN
        assert verdict_of((far,), start) is Verdict.STEP_UP
        assert verdict_of((call,), start) is Verdict.STEP_UP
        assert verdict_of((far, call), start) is Verdict.STEP_UP
        assert verdict_of((reported, call), start) is Verdict.STEP_UP
        assert verdict_of((far, reported), start) is Verdict.REFUSE
        assert verdict_of((far, reported, call), start) is Verdict.REFUSE
    for signals in itertools.chain.from_iterable(itertools.combinations(Signal, size) for size in range(4)):
        expected = Verdict.WARN if {reported, call} & set(signals) else Verdict.NONE
        assert verdict_of(signals, LINK) is expected
    assert all(rule.signals for rule in RULES), "no rule fires without a signal"


def test_a_distance_says_nothing_after_a_link() -> None:
    """T-7: browser and phone are one device there."""
    facts = Facts(LINK, LISBON, GHENT, far=True, reported=False, on_call=False)
    risk = judge(facts)
    assert (risk.verdict, risk.signals, risk.browser, risk.lowered) == (Verdict.NONE, (), None, False)
    scanned = judge(facts._replace(start=SCAN))
    assert (scanned.verdict, scanned.lowered, scanned.browser) == (Verdict.STEP_UP, True, LISBON)


def test_the_longest_prefix_counts() -> None:
    table = read_places(TABLE)
    found = [table.find(address) for address in ("10.1.2.3", "10.2.0.1", "2001:db8::1", "192.0.2.1", "nonsense")]
    assert [place and place.name for place in found] == ["Lisbon", "Ghent", "Lille", None, None]
    assert table.find("::ffff:10.1.2.3") == table.find("10.1.2.3")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("10.0.0.1/8,BE,Ghent,51,3", "host bits"),
        ("10.0.0.0/8,XX,Ghent,51,3", "no country"),
        ("10.0.0.0/8,be,Ghent,51,3", "no country"),
        ("10.0.0.0/8,BE,,51,3", "needs a name"),
        ("10.0.0.0/8,BE,Ghent,north,3", "could not convert"),
        ("10.0.0.0/8,BE,Ghent,91,3", "is not between"),
        ("10.0.0.0/8,BE,Ghent,nan,3", "is not between"),
        ("10.0.0.0/8,BE,Ghent,51", "4 cells"),
        ("192.168.0.0/16,BE,Ghent,51,3", "there twice"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_number(line: str, said: str) -> None:
    text = f"network,country,place,lat,lon\n192.168.0.0/16,BE,Ghent,51,3\n\n{line}\n"
    with pytest.raises(SettingsError, match=f"(?s)places: line 4: .*{said}"):
        read_places(text)


def test_every_bad_line_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read_places("network,country,place,lat,lon\nx,BE,Ghent,1,1\ny,BE,Ghent,1,1\n")
    assert [line.split(":")[1] for line in str(error.value).splitlines()] == [" line 2", " line 3"]
    with pytest.raises(SettingsError, match="line 1"):
        read_places("network;country\n")


def test_distances() -> None:
    assert 1680 < distance_km(GHENT, LISBON) < 1750
    assert distance_km(GHENT, GHENT) == 0
    near = Place("BE", "Arlon", 49.68, 5.81)
    assert not is_far(GHENT, near, more_than_km=250)
    assert is_far(GHENT, near, more_than_km=100)
    assert is_far(GHENT, Place("FR", "Lille", 50.63, 3.06), more_than_km=250), "another country"
    assert not is_far(None, LISBON, more_than_km=1)


def test_networks() -> None:
    assert network_of("203.0.113.77") == "203.0.113.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("::ffff:203.0.113.77") == "203.0.113.0/24"
    assert network_of("unix") == ""


@given(st.integers(0, 10**7), st.integers(0, 10**8), st.integers(3600, 10**6))
def test_weights_only_fall(weight: int, elapsed: int, half_life: int) -> None:
    left = decayed(weight, elapsed=elapsed, half_life=half_life)
    assert 0 <= decayed(weight, elapsed=elapsed + half_life, half_life=half_life) <= left <= weight
    assert decayed(weight, elapsed=half_life, half_life=half_life) == weight // 2
    assert decayed(weight, elapsed=-5, half_life=half_life) == weight


def test_two_refusals_in_ten_minutes_make_a_partner_wait_ten() -> None:
    minute = 60 * SECOND
    first, second = 100 * minute, 108 * minute
    assert not must_wait([], now=second)
    assert not must_wait([first], now=first + 1)
    assert must_wait([second, first], now=second + 1)
    assert must_wait([second, first], now=second + 10 * minute - 1)
    assert not must_wait([second, first], now=second + 10 * minute)
    assert not must_wait([first + 11 * minute, first], now=first + 11 * minute)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("curl/8", ""),
    ],
)
def test_a_browser_is_named_by_family_and_system(said: str, name: str) -> None:
    assert browser_name(said) == name


def test_every_country_has_a_calling_code() -> None:
    """Those that documents name, and dependent places; each code is one that numbers can be read with."""
    assert ALPHA_3.keys() <= CALLING_CODES.keys()
    for code in CALLING_CODES.values():
        assert normalised(f"+{code} 4123456") == f"+{code} 4123456"


def test_limits_that_allow_nothing_are_refused() -> None:
    assert not list(Fraud().mistakes())
    wrong = Fraud(number=Rate(0, 1), trust_days=366, half_life_hours=0, reports_warn=9, reports_refuse=8, far_km=0)
    assert len(list(wrong.mistakes())) == 5
