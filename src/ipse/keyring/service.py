"""The keys in use now, and how the next ones come.

Keys live in the database, sealed; the keystore's own generation is taken over once, when a set is new to the database.
One row for each set decides who makes the next generation. Processes look at the rows every few seconds, and at once
when they are woken; a key is used or published no earlier than `SPREAD_SECONDS` after it was written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from ipse.audit.service import auditing
from ipse.kernel.clock import SECOND, Clock, text
from ipse.kernel.keystore import SIGNING_KEY_USES, HeldKeys, Keystore
from ipse.kernel.sealing import UnsealError, seal, unseal
from ipse.kernel.settings import SettingsError
from ipse.keyring import rules, store
from ipse.keyring.errors import RotationPendingError, RotationRaceError, UnknownKeySetError
from ipse.keyring.model import Key, KeyState, Plan
from ipse.keyring.rules import Times
from ipse.standards import jose
from ipse.storage.database import Database
from ipse.storage.statement import Transaction

log = structlog.get_logger("ipse.keyring")
_WAKE_KEY = "keyring"
_LOOK_SECONDS = 5.0
_KEPT_SECONDS = 3600
"""A key that is gone stays this long in its row, for a server whose clock is late."""
_EARLIER = 0
"""Generation of keys that the keystore itself had retired before the database took over."""
Jwk = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rotated:
    """A generation that was made. Times in microseconds UTC."""

    key_set: str
    kids: tuple[str, ...]
    published_at: int
    current_at: int
    replaced: tuple[str, ...]
    """Keys whose end is known from now on."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A new generation on its way into the database."""

    key_set: str
    generation: int
    times: Times
    urgent: bool
    actor: str
    sealed: tuple[tuple[Key, bytes], ...]


class KeyRing:
    """A keystore whose signing keys change while the process runs.

    Until `load` has run, its keys are the keystore's own.
    """

    def __init__(self, database: Database, keystore: Keystore, clock: Clock, plan: Plan) -> None:
        self._database = database
        self._keystore = keystore
        self._clock = clock
        self._plan = plan
        self._keys: dict[str, tuple[Key, ...]] = {}
        self._jwks: dict[str, Jwk] = {}
        self._views: dict[str, tuple[HeldKeys, int | None]] = {}

    def working_key(self, use: str) -> bytes:
        """The keystore's working key. Raises KeyError as the keystore does."""
        return self._keystore.working_key(use)

    def signing_keys(self, use: str) -> Sequence[Jwk]:
        """All keys of a set that are good for anything now, the current ones first."""
        return self.held_keys(use).held

    def held_keys(self, use: str) -> HeldKeys:
        """What is to be done with the keys of a set now; the same object until a key changes its state."""
        found = self._views.get(use)
        now = self._clock.now()
        if found is None or (found[1] is not None and found[1] <= now):
            found = self._views[use] = self._view(use, now)
        return found[0]

    def states(self, key_set: str) -> list[tuple[Key, KeyState]]:
        """The keys of a set with their states, the newest generation first."""
        return list(rules.states(self._keys.get(key_set, ()), self._clock.now()))

    async def load(self) -> None:
        """Bring sets that the database does not have yet over from the keystore, and read all.

        Raises:
            SettingsError: the database's keys were sealed with another keystore.
        """
        known = {row["key_set"] for row in await self._database.rows(store.SETS)}
        for key_set in SIGNING_KEY_USES:
            if key_set not in known:
                await self._take_over(key_set)
        await self.refresh()

    async def refresh(self) -> None:
        """Read the keys again. Raises SettingsError as `load`."""
        found: dict[str, list[Key]] = {}
        jwks: dict[str, Jwk] = {}
        for row in await self._database.rows(store.KEYS):
            key = store.read_key(row)
            jwks[key.kid] = self._jwks.get(key.kid) or self._opened(key, row["sealed"])
            found.setdefault(key.key_set, []).append(key)
        keys = {key_set: tuple(members) for key_set, members in found.items()}
        if keys != self._keys:
            self._keys, self._jwks, self._views = keys, jwks, {}

    async def keep_up(self) -> None:
        """Read the keys every few seconds, and when woken, until the process stops."""
        async with self._database.wakeups.listening(_WAKE_KEY) as bell:
            while not self._database.wakeups.closing:
                await bell.wait(_LOOK_SECONDS)
                try:
                    await self.refresh()
                except Exception as error:  # noqa: BLE001 - the keys we have stay good for as long as they are announced
                    log.warning("keyring.not_refreshed", error=type(error).__name__)

    async def follow_schedule(self) -> list[Rotated]:
        """Make the generations that are due, and delete keys that are gone; a job of every serving process."""
        await self.refresh()
        now = self._clock.now()
        made = []
        for key_set in SIGNING_KEY_USES:
            keys = self._keys.get(key_set, ())
            if rules.due(keys, key_set, self._plan, now):
                rotated = await self._make(key_set, rules.planned(self._plan, key_set, now), actor="system")
                if rotated is not None:
                    log.info("keyring.rotated", key_set=key_set, kids=rotated.kids, current_at=text(rotated.current_at))
                    made.append(rotated)
        before = now - _KEPT_SECONDS * SECOND
        if any(key.gone_at is not None and key.gone_at < before for keys in self._keys.values() for key in keys):
            await self._database.transact(lambda: _destroying(before, now))
            await self.refresh()
        return made

    async def rotate(self, key_set: str, *, urgent: bool = False, actor: str) -> Rotated:
        """Make the next generation of a set by hand. `urgent`: all older keys are gone in a few seconds.

        Raises:
            UnknownKeySetError: no such set.
            RotationPendingError: the next generation is announced already.
            RotationRaceError: somebody else made it at this moment.
        """
        if key_set not in SIGNING_KEY_USES:
            message = f"there is no key set {key_set!r}; there are {', '.join(SIGNING_KEY_USES)}"
            raise UnknownKeySetError(message, public=message)
        await self.refresh()
        now = self._clock.now()
        at = rules.pending(self._keys.get(key_set, ()), now)
        if at is not None and not urgent:
            message = f"the next keys of {key_set} are announced already and in use from {text(at)} on"
            raise RotationPendingError(message, public=message)
        times = rules.urgent(now) if urgent else rules.planned(self._plan, key_set, now)
        rotated = await self._make(key_set, times, urgent=urgent, actor=actor)
        if rotated is None:
            message = f"somebody else rotated {key_set} just now; see: ipse keys list"
            raise RotationRaceError(message, public=message)
        return rotated

    async def _make(self, key_set: str, times: Times, *, urgent: bool = False, actor: str) -> Rotated | None:
        """Make a generation; None when somebody else was faster."""
        keys = self._keys.get(key_set, ())
        generation = max((key.generation for key in keys), default=0)
        algorithms = rules.algorithms(keys, key_set)
        jwks = await asyncio.to_thread(lambda: [jose.new_private_jwk(algorithm) for algorithm in algorithms])
        sealed = tuple(self._sealed(_key(jwk, key_set, generation + 1, times), jwk) for jwk in jwks)
        change = _Change(key_set, generation, times, urgent, actor, sealed)
        rotated = await self._database.transact(lambda: _making(change))
        if rotated is not None:
            self._database.wakeups.wake(_WAKE_KEY)
        await self.refresh()
        return rotated

    async def _take_over(self, key_set: str) -> None:
        """Bring the keystore's own keys of a set into the database, unless another process does."""
        now = self._clock.now()
        times = rules.planned(self._plan, key_set, now)
        sealed: list[tuple[Key, bytes]] = []
        for jwk in self._keystore.signing_keys(key_set):
            earlier = any(key.algorithm == jwk["alg"] for key, _ in sealed)
            sealed.append(self._sealed(_taken_over(jwk, key_set, times, earlier=earlier), jwk))

        def transaction() -> Transaction[None]:
            if not (yield from store.begin_set(key_set, now)):
                return
            for key, content in sealed:
                yield from store.add(key, content)

        await self._database.transact(transaction)

    def _view(self, key_set: str, now: int) -> tuple[HeldKeys, int | None]:
        keys = self._keys.get(key_set)
        if keys is None:
            return self._keystore.held_keys(key_set), None
        current = rules.current(keys, now)
        rest = sorted(
            (key for key in keys if key not in current and rules.held(key, now)),
            key=lambda key: (key.current_at <= now, -key.generation, key.purpose != "sig", key.algorithm),
        )
        ordered = (*current, *rest)
        view = HeldKeys(
            current=tuple(self._jwks[key.kid] for key in current),
            published=tuple(self._jwks[key.kid] for key in ordered if rules.published(key, now)),
            held=tuple(self._jwks[key.kid] for key in ordered),
            kept=rules.kept(self._plan),
        )
        return view, rules.next_change(keys, now)

    def _sealed(self, key: Key, jwk: Jwk) -> tuple[Key, bytes]:
        content = msgspec.json.encode(jwk)
        extra = _place(key)
        key_of_keys = self._keystore.working_key("signing_key")
        return key, seal(key_of_keys, content, table="keyring_keys", row=key.kid, column="sealed", extra=extra)

    def _opened(self, key: Key, sealed: bytes) -> Jwk:
        key_of_keys, extra = self._keystore.working_key("signing_key"), _place(key)
        try:
            content = unseal(
                key_of_keys, bytes(sealed), table="keyring_keys", row=key.kid, column="sealed", extra=extra
            )
        except UnsealError as error:
            raise SettingsError(
                f"the signing key {key.kid} in the database does not open: it is another keystore's, or was changed; "
                "name this installation's own keystore"
            ) from error
        return msgspec.json.decode(content, type=dict[str, str])


def _place(key: Key) -> bytes:
    """What a sealed key is bound to: nobody moves it into another set or generation."""
    return f"{key.key_set}\x00{key.generation}".encode()


def _key(jwk: Jwk, key_set: str, generation: int, times: Times) -> Key:
    return Key(
        kid=jwk["kid"],
        key_set=key_set,
        generation=generation,
        algorithm=jwk["alg"],
        purpose=jwk["use"],
        made_at=times.made_at,
        published_at=times.published_at if jwk["use"] == "sig" else times.offered_at,
        current_at=times.current_at,
    )


def _taken_over(jwk: Jwk, key_set: str, times: Times, *, earlier: bool) -> Key:
    signs = jwk["use"] == "sig"
    leaves = times.signing_leave_at if signs else times.made_at
    gone = times.signing_gone_at if signs else times.opening_gone_at
    return Key(
        kid=jwk["kid"],
        key_set=key_set,
        generation=_EARLIER if earlier else 1,
        algorithm=jwk["alg"],
        purpose=jwk["use"],
        made_at=times.made_at,
        published_at=0,
        current_at=0,
        leaves_at=leaves if earlier else None,
        gone_at=gone if earlier else None,
    )


def _making(change: _Change) -> Transaction[Rotated | None]:
    key_set, generation, times = change.key_set, change.generation, change.times
    if not (yield from store.next_generation(key_set, generation, times.made_at)):
        return None
    for key, sealed in change.sealed:
        yield from store.add(key, sealed)
    if change.urgent:
        replaced = yield from store.end(key_set, generation, times.current_at)
    else:
        replaced = yield from store.retire(key_set, generation, times)
    kids = tuple(key.kid for key, _ in change.sealed)
    details = {"kids": kids, "current_at": text(times.current_at), "replaced": replaced, "urgent": change.urgent}
    yield from auditing(times.made_at, actor=change.actor, act="keys.rotate", subject=key_set, details=details)
    return Rotated(key_set, kids, times.published_at, times.current_at, tuple(replaced))


def _destroying(before: int, now: int) -> Transaction[None]:
    for key_set, kid in (yield from store.destroy(before)):
        yield from auditing(now, actor="system", act="keys.destroy", subject=key_set, details={"kid": kid})
