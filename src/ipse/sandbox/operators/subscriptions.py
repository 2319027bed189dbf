"""SIM Swap Subscriptions: who wants to know, how long, and what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.hosts import names_loopback
from ipse.kernel.ids import Ids
from ipse.sandbox.drawers import Drawer
from ipse.sandbox.operators import asked
from ipse.sandbox.operators.deliveries import Deliveries
from ipse.sandbox.operators.errors import ApiError, invalid, not_found
from ipse.sandbox.operators.model import Operator
from ipse.sandbox.operators.network import Change, Happening, Network, State
from ipse.sandbox.operators.oauth import Grant
from ipse.standards.camara import CamaraError, Code, EventType, SubscriptionState, Termination, instant, timestamp

_DAY: Final = 86_400
_LONGEST_SECONDS: Final = 3 * 366 * _DAY
_REMEMBER_SECONDS: Final = 3_600
"""How long a subscription that ended by itself can still be looked at."""
_LONGEST_TEXT: Final = 2_048
_MOST: Final = 10_000
_PROTOCOLS: Final = frozenset({"HTTP", "MQTT3", "MQTT5", "AMQP", "NATS", "KAFKA"})
_CREDENTIALS: Final = frozenset({"PLAIN", "ACCESSTOKEN", "REFRESHTOKEN"})


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """One operator's subscriptions, in a drawer by their id."""

    operator: Operator
    network: Network
    kept: Drawer
    deliveries: Deliveries
    clock: Clock
    ids: Ids

    def create(self, grant: Grant, body: Mapping[str, Any]) -> dict[str, Any]:
        """Begin to tell a sink of SIM changes."""
        wanted = self._wanted(body)
        detail = _object(wanted["config"], "subscriptionDetail")
        number = asked.subject(grant, asked.number(detail))
        asked.own_sim(self.network, self.operator, number, checkable=True)
        mine = [one for one in self._living() if one["number"] == number and one["sink"] == wanted["sink"]]
        if mine:
            raise ApiError(409, Code.ALREADY_EXISTS, "This sink is already told of this number.")
        if len(self.kept.everything()) >= _MOST:
            raise ApiError(429, Code.QUOTA_EXCEEDED, "There are too many subscriptions.")
        credential = wanted.get("sinkCredential") or {}
        subscription = {
            "id": self.ids.identifier(),
            "client": grant.client,
            "number": number,
            "named": grant.number is None,
            "sink": wanted["sink"],
            "token": credential.get("accessToken", ""),
            "token_until": _moment(credential, "accessTokenExpiresUtc"),
            "starts": self.clock.now(),
            "until": _moment(wanted["config"], "subscriptionExpireTime"),
            "most": wanted["config"].get("subscriptionMaxEvents"),
            "told": 0,
            "status": str(SubscriptionState.ACTIVE),
        }
        self._keep(subscription)
        self._tell(subscription, EventType.STARTED, {"initiationReason": "SUBSCRIPTION_CREATED"})
        return self._shown(subscription)

    def all_of(self, grant: Grant) -> list[dict[str, Any]]:
        """The client's subscriptions; with a token of one SIM only those of its number."""
        found = sorted(self.kept.everything(), key=lambda one: str(one["id"]))
        mine = (one for one in found if one["client"] == grant.client)
        return [self._shown(one) for one in mine if grant.number in (None, one["number"])]

    def one(self, grant: Grant, subscription_id: str) -> dict[str, Any]:
        """One of them."""
        return self._shown(self._mine(grant, subscription_id))

    def delete(self, grant: Grant, subscription_id: str) -> None:
        """End one."""
        subscription = self._mine(grant, subscription_id)
        self.kept.take(subscription_id)
        if subscription["status"] in _LIVING:
            self._tell_end(subscription, Termination.SUBSCRIPTION_DELETED)

    def drop(self, subscription_id: str) -> None:
        """The sink said that it is gone (410)."""
        self.kept.take(subscription_id)

    def tell(self, change: Change) -> None:
        """Something happened to a SIM of ours: tell whoever asked."""
        for one in self._living():
            if one["number"] == change.before.number and change.before.operator == self.operator.id:
                self._told_of(one, change)

    def end_what_is_over(self) -> None:
        """End what has lasted long enough, and what can no longer be told because the sink's token ends."""
        now = self.clock.now()
        for one in self._living():
            if one["until"] is not None and one["until"] <= now:
                self._end(one, Termination.SUBSCRIPTION_EXPIRED)
            elif one["token_until"] is not None and one["token_until"] - SECOND <= now:
                self._end(one, Termination.ACCESS_TOKEN_EXPIRED)

    def _told_of(self, one: dict[str, Any], change: Change) -> None:
        match change.happening:
            case Happening.SWAP:
                self._swapped(one, change)
            case Happening.PORT | Happening.RECYCLE:
                one = self._swapped(one, change)
                if one["status"] in _LIVING:
                    self._end(one, Termination.NETWORK_TERMINATED)
            case Happening.REMOVE | Happening.INSERT:
                status = SubscriptionState.INACTIVE if change.after.state is State.REMOVED else SubscriptionState.ACTIVE
                if one["status"] != status:
                    one = one | {"status": str(status)}
                    self._keep(one)
                    self._tell(one, EventType.UPDATED, {"updateReason": f"SUBSCRIPTION_{status}"})

    def _swapped(self, one: dict[str, Any], change: Change) -> dict[str, Any]:
        one = one | {"told": one["told"] + 1}
        self._keep(one)
        said = {"phoneNumber": one["number"]} if one["named"] else {}
        self._tell(one, EventType.SWAPPED, said, at=change.after.changed_at)
        if one["most"] is not None and one["told"] >= one["most"]:
            return self._end(one, Termination.MAX_EVENTS_REACHED)
        return one

    def _end(self, one: dict[str, Any], reason: Termination) -> dict[str, Any]:
        by_time = reason in {Termination.SUBSCRIPTION_EXPIRED, Termination.ACCESS_TOKEN_EXPIRED}
        ended = one | {"status": str(SubscriptionState.EXPIRED if by_time else SubscriptionState.DELETED)}
        self.kept.put(one["id"], ended, seconds=_REMEMBER_SECONDS)
        self._tell_end(one, reason)
        return ended

    def _tell_end(self, one: Mapping[str, Any], reason: Termination) -> None:
        said = {"phoneNumber": one["number"]} if one["named"] else {}
        self._tell(one, EventType.ENDED, {"terminationReason": str(reason), **said})

    def _tell(self, one: Mapping[str, Any], kind: EventType, data: Mapping[str, str], *, at: int | None = None) -> None:
        event = {
            "id": self.ids.identifier(),
            "source": f"https://{self.operator.id}.example/sim-swap-subscriptions",
            "type": str(kind),
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "time": timestamp(self.clock.now() if at is None else at),
            "data": {"subscriptionId": one["id"], **data},
        }
        self.deliveries.post(str(one["sink"]), str(one["token"]), event)

    def _living(self) -> list[dict[str, Any]]:
        return [one for one in self.kept.everything() if one["status"] in _LIVING]

    def _keep(self, subscription: dict[str, Any]) -> None:
        self.kept.put(subscription["id"], subscription, seconds=_LONGEST_SECONDS)

    def _mine(self, grant: Grant, subscription_id: str) -> dict[str, Any]:
        one = self.kept.look(subscription_id)
        if one is None or one["client"] != grant.client or grant.number not in (None, one["number"]):
            raise not_found("There is no such subscription.")
        return one

    def _shown(self, one: Mapping[str, Any]) -> dict[str, Any]:
        config: dict[str, Any] = {"subscriptionDetail": {"phoneNumber": one["number"]} if one["named"] else {}}
        if one["until"] is not None:
            config["subscriptionExpireTime"] = timestamp(one["until"])
        if one["most"] is not None:
            config["subscriptionMaxEvents"] = one["most"]
        shown = {
            "id": one["id"],
            "sink": one["sink"],
            "protocol": "HTTP",
            "types": [str(EventType.SWAPPED)],
            "config": config,
            "startsAt": timestamp(one["starts"]),
            "status": one["status"],
        }
        return shown | ({"expiresAt": timestamp(one["until"])} if one["until"] is not None else {})

    def _wanted(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        for check in (_check_protocol, _check_sink, _check_types, _check_credential, self._check_config):
            check(body)
        return body

    def _check_config(self, body: Mapping[str, Any]) -> None:
        config = _object(body, "config")
        _object(config, "subscriptionDetail")
        for holder, name in ((config, "subscriptionExpireTime"), (body.get("sinkCredential") or {}, _TOKEN_END)):
            moment = _moment(holder, name)
            if moment is not None and moment <= self.clock.now():
                raise invalid(f"{name} lies in the past.")
        most = config.get("subscriptionMaxEvents", 1)
        if not isinstance(most, int) or isinstance(most, bool) or most < 1:
            raise invalid("subscriptionMaxEvents must be a whole number, 1 or more.")


_TOKEN_END: Final = "accessTokenExpiresUtc"
_LIVING: Final = frozenset({str(SubscriptionState.ACTIVE), str(SubscriptionState.INACTIVE)})


def _check_protocol(body: Mapping[str, Any]) -> None:
    protocol = body.get("protocol")
    if not isinstance(protocol, str):
        raise invalid("protocol is needed.")
    if protocol != "HTTP":
        known = "Only HTTP is spoken here." if protocol in _PROTOCOLS else "protocol must be HTTP."
        raise ApiError(400, Code.INVALID_PROTOCOL, known)


def _check_sink(body: Mapping[str, Any]) -> None:
    sink = asked.text(body, "sink", most=_LONGEST_TEXT)
    try:
        parts = urlsplit(sink)
        host = parts.hostname
    except ValueError as error:
        raise invalid("sink must be an address.") from error
    if not host or not parts.scheme or any(character <= " " for character in sink) or not sink.isascii():
        raise invalid("sink must be an address.")
    # Over plain HTTP only to this machine itself, where the sandbox runs without TLS.
    if parts.scheme != "https" and not (parts.scheme == "http" and names_loopback(host)):
        raise ApiError(400, Code.INVALID_SINK, "sink must be an https address.")


def _check_types(body: Mapping[str, Any]) -> None:
    if body.get("types") != [str(EventType.SWAPPED)]:
        raise invalid(f"types must hold {EventType.SWAPPED} alone.")


def _check_credential(body: Mapping[str, Any]) -> None:
    if "sinkCredential" not in body:
        return
    credential = _object(body, "sinkCredential")
    if credential.get("credentialType") not in _CREDENTIALS:
        raise ApiError(400, Code.INVALID_CREDENTIAL, "credentialType must be ACCESSTOKEN.")
    if credential["credentialType"] != "ACCESSTOKEN":
        raise ApiError(400, Code.INVALID_CREDENTIAL, "Only access tokens are shown at a sink.")
    if credential.get("accessTokenType") != "bearer":
        raise ApiError(400, Code.INVALID_TOKEN, "accessTokenType must be bearer.")
    token = asked.text(credential, "accessToken", most=_LONGEST_TEXT)
    if not token or not all("!" <= character <= "~" for character in token):
        raise invalid("accessToken must be one word of ASCII.")
    if _moment(credential, _TOKEN_END) is None:
        raise invalid(f"{_TOKEN_END} is needed.")


def _object(body: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    value = body.get(member)
    if not isinstance(value, dict):
        raise invalid(f"{member} must be an object.")
    return value


def _moment(body: Mapping[str, Any], member: str) -> int | None:
    if member not in body:
        return None
    try:
        return instant(str(body[member]))
    except (CamaraError, OverflowError) as error:
        raise invalid(f"{member} must be an RFC 3339 time with a zone.") from error
