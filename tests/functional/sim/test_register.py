"""The register of mobile operators: every change is audited, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from ipse.audit.service import Audit
from ipse.kernel.clock import FrozenClock
from ipse.kernel.settings import Environment
from ipse.sim.errors import OperatorExistsError, OperatorRefusedError, UnknownOperatorError
from ipse.sim.model import Operator, OperatorState
from ipse.sim.service.operators import Operators
from ipse.standards.camara import Api

if TYPE_CHECKING:
    from ipse.storage.database import Database

LUMO = Operator(
    operator_id="lumo",
    name="Lumo",
    country="BE",
    prefixes=("+32",),
    issuer="https://lumo.example",
    api_root="https://lumo.example",
    client_id="ipse",
    apis=(Api.SIM_SWAP,),
)


async def test_the_life_of_an_operator(database: Database) -> None:
    operators = Operators(database, FrozenClock(), Environment.PRODUCTION)
    assert await operators.add(LUMO, actor="operator:ann") == LUMO
    with pytest.raises(OperatorExistsError):
        await operators.add(LUMO, actor="operator:ann")
    with pytest.raises(OperatorRefusedError):
        await operators.change(replace(LUMO, issuer="http://127.0.0.1:8001"), actor="operator:ann")
    await operators.change(replace(LUMO, prefixes=("+32", "+352")), actor="operator:ann")
    await operators.limit("lumo", "substantial", actor="operator:bob")
    assert operators.cap("lumo") == "substantial"
    await operators.stop("lumo", actor="operator:bob")
    assert await operators.active() == []
    await operators.start("lumo", actor="operator:bob")
    (found,) = await operators.active()
    assert found == replace(LUMO, prefixes=("+32", "+352"), cap="substantial", state=OperatorState.ACTIVE)
    for doing in (operators.get, lambda name: operators.stop(name, actor="operator:bob")):
        with pytest.raises(UnknownOperatorError):
            await doing("nobody")

    lines = [line async for line in Audit(database).lines()]
    acts = ["operator.add", "operator.change", "operator.cap", "operator.stop", "operator.start"]
    assert [line.act for line in lines] == acts
    assert {line.subject for line in lines} == {"lumo"}
    assert msgspec.json.decode(lines[1].details) == {"prefixes": ["+32", "+352"]}
