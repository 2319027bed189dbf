"""Everything of this feature, put together."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.kernel.settings import Settings
from ipse.notices.service import Notices
from ipse.people.service import People
from ipse.phones.service import Phones
from ipse.sim.clients import Line
from ipse.sim.service.answers import AnswerLog
from ipse.sim.service.network import Network
from ipse.sim.service.operators import Operators
from ipse.sim.service.possession import Proofs
from ipse.sim.service.subscriptions import Subscriptions
from ipse.sim.service.watches import Stop, Watches
from ipse.standards.jose import private_keys

RETURN_PATH = "/enrolment/number/return"
SINK_PATH = "/sim/events"


@dataclass(frozen=True)
class Sims:
    """The use cases of SIMs."""

    operators: Operators
    network: Network
    proofs: Proofs
    watches: Watches
    subscriptions: Subscriptions
    answers: AnswerLog


def build_sims(settings: Settings, *, people: People, phones: Phones, stop: Stop) -> Sims:
    """Put it together on what `people` stand on; `stop` blocks an identity whose SIM was changed."""
    database, keystore, clock, ids = people.database, people.keystore, people.clock, people.ids
    answers = AnswerLog(database, clock)
    operators = Operators(database, clock, settings.environment)
    line = Line(
        signing=lambda: private_keys(keystore.held_keys("registrar").current)[0],
        redirect_uri=settings.base_url + RETURN_PATH,
        clock=clock,
        ids=ids,
        heard=answers.heard,
    )
    network = Network(operators, line)
    watches = Watches(network, people, phones, Notices(keystore, ids), settings.sim, stop)
    return Sims(
        operators=operators,
        network=network,
        proofs=Proofs(database, network, keystore, clock, ids, settings.sim.swap_hours),
        watches=watches,
        subscriptions=Subscriptions(network, people, watches, settings.sim, settings.base_url + SINK_PATH),
        answers=answers,
    )
