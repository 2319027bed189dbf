"""What mobile operators are asked and report, as CAMARA writes it."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from ipse.standards import camara
from ipse.standards.camara import EVENT_MEDIA_TYPE, Api, CamaraError, Scope

EVENT = {
    "id": "1",
    "source": "https://operator.example",
    "specversion": "1.0",
    "type": camara.EventType.SWAPPED,
    "time": "2026-11-22T07:00:00.5+01:00",
    "data": {"subscriptionId": "s1", "terminationReason": "NETWORK_TERMINATED"},
}


def test_numbers_are_written_without_space_and_hashed_with_their_plus() -> None:
    assert camara.msisdn("+32 470123456") == "+32470123456"
    assert camara.hashed("+32 470123456") == hashlib.sha256(b"+32470123456").hexdigest()
    for wrong in ("0470123456", "+0470123456", "+32 47x", "+1", "+1234567890123456"):
        with pytest.raises(CamaraError):
            camara.msisdn(wrong)


def test_bodies_hold_what_is_said_and_nothing_else() -> None:
    assert msgspec.json.encode(camara.NumberToVerify(phone_number="+32470123456")) == b'{"phoneNumber":"+32470123456"}'
    asked = camara.read(b'{"phoneNumber":"+32470123456","maxAge":72}', camara.SwapToCheck)
    assert (asked.phone_number, asked.max_age) == ("+32470123456", 72)
    with pytest.raises(CamaraError):
        camara.read(b'{"phoneNumber":"+32470123456","more":1}', camara.SwapToCheck)


def test_answers_may_hold_more_than_we_know() -> None:
    assert camara.read(b'{"swapped":true,"new":1}', camara.SwapChecked).swapped
    assert camara.read(b'{"latestSimChange":null,"monitoredPeriod":120}', camara.SwapDate).monitored_period == 120
    for wrong in (b"", b"[]", b'{"swapped":"yes"}', b'{"swapped":true,"swapped":false}'):
        with pytest.raises(CamaraError):
            camara.read(wrong, camara.SwapChecked)


def test_each_api_has_its_scopes() -> None:
    assert camara.scopes(Api.SIM_SWAP) == {Scope.SIM_SWAP, Scope.CHECK, Scope.RETRIEVE_DATE}
    assert sum(len(camara.scopes(api)) for api in Api) == len(Scope)


def test_a_report_is_read_strictly() -> None:
    event = camara.read_event(f"{EVENT_MEDIA_TYPE}; charset=utf-8", msgspec.json.encode(EVENT))
    assert (event.subscription_id, event.termination) == ("s1", "NETWORK_TERMINATED")
    for wrong in ({"specversion": "0.3"}, {"id": ""}, {"time": "yesterday"}, {"time": "2026-11-22T07:00:00"}):
        with pytest.raises(CamaraError):
            camara.read_event(EVENT_MEDIA_TYPE, msgspec.json.encode(EVENT | wrong))
    with pytest.raises(CamaraError):
        camara.read_event("application/json", msgspec.json.encode(EVENT))


def test_times_keep_their_zone() -> None:
    assert camara.instant("2026-11-22T07:00:00.5+01:00") == camara.instant("2026-11-22T06:00:00.500Z")
    assert camara.timestamp(camara.instant("2026-11-22T06:00:00.500Z")) == "2026-11-22T06:00:00.500Z"
