"""Proving in a browser that a number is the person's: by the SIM in the phone, else by a code sent to it.

    begun ──▶ network ──▶ done          network: the operator recognises the SIM, nobody is asked anything
      │          ├──────▶ code ──▶ done  code: not on the mobile network, or not served there
      ├─────────────────▶ done           nobody answers for this SIM: reduced functions
      └─────────────────▶ swapped        changed too recently

Each arrow is one conditional statement. An operator that is down moves nothing: the same page works again later.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.kernel.keystore import Keystore
from ipse.kernel.sealing import blind_index, seal, unseal
from ipse.sim.clients import OperatorClient
from ipse.sim.errors import UnknownProofError
from ipse.sim.model import Exchange, Outcome, Possession, Proof, ProofState, SimState, Step, StepKind, SwapAnswer, Word
from ipse.sim.rules import policy
from ipse.sim.rules.policy import Doing, Occasion
from ipse.sim.service.network import Network
from ipse.sim.store import proofs as store
from ipse.standards.camara import Api
from ipse.storage.database import Database

RESEND_SECONDS: Final = 30
"""A code goes out no sooner after the one before."""
MOST_CODES: Final = 3
"""Codes for one proof."""
MOST_CODES_A_DAY: Final = 10
"""Codes to one number, whoever asks."""
MOST_TRIES: Final = 5
"""Tries of one code; the operator may allow fewer."""
_DAY: Final = 86_400
_TABLE: Final = "sim_proofs"

Message = Callable[[], str]
"""The text of a message in the person's language, with `{{code}}` where the digits go."""


@dataclass(frozen=True)
class Proofs:
    """Use cases of proving a number."""

    database: Database
    network: Network
    keystore: Keystore
    clock: Clock
    ids: Ids
    swap_hours: int

    async def begin(self, proof_id: str, number: str, *, vouched: bool, expires_at: int) -> None:
        """Begin to prove a number; `vouched` when a registrar says it is the person's. Beginning twice is once."""
        index = blind_index(self.keystore.working_key("phone_number"), number)
        possession = Possession.REGISTRAR if vouched else Possession.NONE
        sealed = self._sealed(proof_id, "sealed_number", number.encode())
        now = self.clock.now()
        await self.database.rows(store.BEGIN, proof_id, index, sealed, possession, now, expires_at)

    async def go_on(self, proof_id: str, *, swap_refuses: bool, network: bool = True, message: Message) -> Step:
        """Take the next step that needs nothing from the person.

        `swap_refuses`: whether a SIM that was changed recently ends it (T-5). `network`: whether this browser may be on
        the mobile network.

        Raises:
            UnknownProofError: nobody proves a number here, or not any more.
        """
        proof = await self._proof(proof_id)
        if proof.state is ProofState.DONE:
            return _done(proof)
        if proof.state is ProofState.SWAPPED:
            return Step(kind=StepKind.SWAPPED)
        if proof.state is ProofState.CODE:
            return await self._asking_code(proof)
        number = self._number(proof)
        answer = await self.network.swap_within(number, hours=self.swap_hours, known=proof.operator_id)
        doing = policy.doing(Occasion.BINDING, answer)
        if doing is Doing.REFUSE and not swap_refuses:
            doing = Doing.COMPLETE
        if doing is Doing.WAIT:
            return await self._down(answer.operator_id)
        if doing is Doing.REFUSE:
            await self._move(proof, ProofState.SWAPPED, answer.operator_id, proof.possession, SimState.REDUCED)
            return Step(kind=StepKind.SWAPPED)
        return await self._prove(proof, number, answer, message, network=network)

    async def returned(self, proof_id: str, parameters: Mapping[str, str], *, message: Message) -> Step:
        """Take the browser's return from the operator. Raises as `go_on`."""
        proof = await self._proof(proof_id)
        exchange = self._exchange(proof)
        if exchange is None or not hmac.compare_digest(parameters.get("state", "").encode(), exchange.state.encode()):
            # Not the answer to what was asked, or a page that was loaded again: nothing is believed and nothing lost.
            if proof.state is ProofState.CODE:
                return await self._asking_code(proof)
            return _done(proof) if proof.state is ProofState.DONE else Step(kind=StepKind.DOWN)
        client = await self.network.client(proof.operator_id or "")
        if client is None or parameters.get("iss") != client.operator.issuer:
            return await self._down(proof.operator_id)
        if await self.database.row(store.TAKE_EXCHANGE, proof_id, proof.sealed_exchange, self.clock.now()) is None:
            return Step(kind=StepKind.DOWN)
        return await self._recognised(proof, exchange, client, parameters, message)

    async def send_code(self, proof_id: str, *, message: Message) -> Step:
        """Send another code, when the last one is old enough. Raises as `go_on`."""
        proof = await self._proof(proof_id)
        if proof.state is not ProofState.CODE:
            return _done(proof) if proof.state is ProofState.DONE else Step(kind=StepKind.DOWN)
        client = await self.network.client(proof.operator_id or "")
        return await self._down(proof.operator_id) if client is None else await self._send(proof, client, message)

    async def check_code(self, proof_id: str, digits: str) -> Step:
        """Judge what the person typed: the try is taken first, so that nobody has more. Raises as `go_on`."""
        proof = await self._proof(proof_id)
        if proof.state is not ProofState.CODE:
            return _done(proof) if proof.state is ProofState.DONE else Step(kind=StepKind.DOWN)
        client = await self.network.client(proof.operator_id or "")
        if client is None or proof.sealed_code is None:
            return await self._down(proof.operator_id)
        if await self.database.row(store.TAKE_TRY, proof_id, MOST_TRIES, self.clock.now()) is None:
            return await self._asking_code(proof, wrong=True)
        word = await client.judged_code(self._opened(proof, "sealed_code", proof.sealed_code).decode(), digits)
        if word is Word.VERIFIED:
            return await self._finish(proof, Possession.SMS)
        if word in {Word.NOT_VERIFIED, Word.OVER, Word.ELSEWHERE}:
            return await self._asking_code(proof, wrong=True)
        return await self._down(proof.operator_id)

    async def without(self, proof_id: str) -> Step:
        """Go on without a proof, with reduced functions: no code came, or none can. Raises as `go_on`."""
        proof = await self._proof(proof_id)
        if proof.state in {ProofState.DONE, ProofState.SWAPPED}:
            return _done(proof) if proof.state is ProofState.DONE else Step(kind=StepKind.SWAPPED)
        await self._move(proof, ProofState.DONE, proof.operator_id, proof.possession, SimState.REDUCED)
        return _done(await self._proof(proof_id))

    async def forget(self) -> int:
        """Forget proofs that ended a day ago. Returns how many."""
        return len(await self.database.rows(store.FORGET, self.clock.now() - _DAY * SECOND))

    # -- inside

    async def _recognised(
        self,
        proof: Proof,
        exchange: Exchange,
        client: OperatorClient,
        parameters: Mapping[str, str],
        message: Message,
    ) -> Step:
        """What the operator recognised in the browser, or why it did not."""
        code, word = parameters.get("code"), client.refused_word(parameters.get("error", ""))
        if code is not None:
            word = await client.verified(code, exchange, self._number(proof))
        if word is Word.VERIFIED:
            return await self._finish(proof, Possession.NETWORK)
        if word is Word.NOT_VERIFIED:
            return Step(kind=StepKind.OTHER_NUMBER, operator=client.operator.name)
        if word is Word.DOWN:
            return await self._down(proof.operator_id)
        return await self._code_or_not(proof, client, message)

    async def _prove(self, proof: Proof, number: str, answer: SwapAnswer, message: Message, *, network: bool) -> Step:
        """The SIM was judged; now whose number it is."""
        client = await self.network.client(answer.operator_id) if answer.operator_id else None
        ready = SimState.READY if answer.word is Word.VERIFIED else SimState.REDUCED
        if client is None or answer.word is Word.NOT_READY:
            await self._move(proof, ProofState.DONE, answer.operator_id, proof.possession, SimState.REDUCED)
            return _done(await self._proof(proof.proof_id))
        exchange = Exchange(f"{proof.proof_id}.{self.ids.secret()}", self.ids.secret(), self.ids.secret())
        address = await client.authorization(exchange, number) if network else Word.OFF_NETWORK
        if address is Word.DOWN:
            return await self._down(answer.operator_id)
        sealed = self._sealed(proof.proof_id, "sealed_exchange", msgspec.json.encode(exchange))
        kept = None if isinstance(address, Word) else sealed
        await self._move(proof, ProofState.NETWORK, answer.operator_id, proof.possession, ready, kept)
        if not isinstance(address, Word):
            return Step(kind=StepKind.GO, address=address, operator=client.operator.name)
        return await self._code_or_not(await self._proof(proof.proof_id), client, message)

    async def _code_or_not(self, proof: Proof, client: OperatorClient, message: Message) -> Step:
        """A code by SMS; where the operator sends none, what the registrar said must do."""
        if client.operator.serves(Api.OTP_SMS):
            return await self._send(proof, client, message)
        if proof.possession is Possession.NONE:
            return Step(kind=StepKind.NO_CODE, operator=client.operator.name)
        return await self._finish(proof, proof.possession)

    async def _send(self, proof: Proof, client: OperatorClient, message: Message) -> Step:
        now = self.clock.now()
        number = self._number(proof)
        index = blind_index(self.keystore.working_key("phone_number"), number)
        sent_to = await self.database.row(store.SENT_TO, index, now - _DAY * SECOND)
        if proof.codes_sent < MOST_CODES and sent_to is not None and int(sent_to["sent"]) >= MOST_CODES_A_DAY:
            return Step(kind=StepKind.NO_CODE, operator=client.operator.name)
        oldest = now - RESEND_SECONDS * SECOND
        row = await self.database.row(store.TAKE_SENDING, proof.proof_id, now, oldest, MOST_CODES)
        if row is None:
            return await self._asking_code(await self._proof(proof.proof_id))
        sent_to = await self.database.row(store.SENT_TO, index, now - _DAY * SECOND)
        if sent_to is not None and int(sent_to["sent"]) > MOST_CODES_A_DAY:
            # Others took theirs at this very moment: counted with ours, there is one too many.
            await self.database.rows(store.UNSENT, proof.proof_id, row["codes_sent"])
            return Step(kind=StepKind.NO_CODE, operator=client.operator.name)
        said = await client.send_code(number, message())
        if isinstance(said, Word):
            await self.database.rows(store.UNSENT, proof.proof_id, row["codes_sent"])
            if said in {Word.LIMITED, Word.NOT_SERVED, Word.NOT_READY, Word.ELSEWHERE}:
                return Step(kind=StepKind.NO_CODE, operator=client.operator.name)
            return await self._down(proof.operator_id)
        sealed = self._sealed(proof.proof_id, "sealed_code", said.encode())
        await self.database.rows(store.SENT, proof.proof_id, sealed, row["codes_sent"])
        return Step(kind=StepKind.CODE, operator=client.operator.name, wait_seconds=RESEND_SECONDS)

    async def _asking_code(self, proof: Proof, *, wrong: bool = False) -> Step:
        name = await self._name(proof.operator_id)
        passed = self.clock.now() - (proof.code_sent_at or 0)
        wait = max(0, RESEND_SECONDS - passed // SECOND)
        return Step(kind=StepKind.CODE, operator=name, wrong=wrong, wait_seconds=wait)

    async def _finish(self, proof: Proof, possession: Possession) -> Step:
        await self._move(proof, ProofState.DONE, proof.operator_id, possession, proof.sim_state)
        return _done(await self._proof(proof.proof_id))

    async def _move(
        self,
        proof: Proof,
        to: ProofState,
        operator_id: str | None,
        possession: Possession,
        sim_state: SimState,
        sealed_exchange: bytes | None = None,
    ) -> None:
        await self.database.rows(
            store.MOVE, proof.proof_id, proof.state, to, operator_id, possession, sim_state, sealed_exchange,
            self.clock.now(),
        )  # fmt: skip

    async def _down(self, operator_id: str | None) -> Step:
        return Step(kind=StepKind.DOWN, operator=await self._name(operator_id))

    async def _name(self, operator_id: str | None) -> str:
        found = next((each for each in await self.network.known() if each.operator_id == operator_id), None)
        return found.name if found is not None else ""

    async def _proof(self, proof_id: str) -> Proof:
        row = await self.database.row(store.PROOF, proof_id, self.clock.now())
        if row is None:
            raise UnknownProofError
        return store.read_proof(row)

    def _number(self, proof: Proof) -> str:
        return self._opened(proof, "sealed_number", proof.sealed_number).decode()

    def _exchange(self, proof: Proof) -> Exchange | None:
        if proof.state is not ProofState.NETWORK or proof.sealed_exchange is None:
            return None
        return msgspec.json.decode(self._opened(proof, "sealed_exchange", proof.sealed_exchange), type=Exchange)

    def _sealed(self, proof_id: str, column: str, plain: bytes) -> bytes:
        return seal(self.keystore.working_key("operator"), plain, table=_TABLE, row=proof_id, column=column)

    def _opened(self, proof: Proof, column: str, sealed: bytes) -> bytes:
        return unseal(self.keystore.working_key("operator"), sealed, table=_TABLE, row=proof.proof_id, column=column)


def _done(proof: Proof) -> Step:
    ready = proof.sim_state if proof.possession is not Possession.NONE else SimState.REDUCED
    return Step(kind=StepKind.DONE, outcome=Outcome(proof.possession, ready, proof.operator_id))
