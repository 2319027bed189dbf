"""What is asked of a new session. `SESSION_CHECKS` is the visible list; what fails, fails before a person sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import UNSET

from ipse.broker.errors import (
    AttributeNotInContract,
    AttributesMissing,
    CallbackRefused,
    EncryptionUnavailable,
    FinalPartnerRefused,
    InvalidBody,
    ProofTooWeak,
    UnknownAttribute,
    UnknownService,
    UnsupportedService,
)
from ipse.broker.model import Caller, Flow, NewSession
from ipse.broker.rules.names import attributes_of
from ipse.broker.rules.running import run_checks
from ipse.partners.model import Partner, Service, ServiceType

_REACHED: Final = (ServiceType.AUTHENTICATION, ServiceType.IDENTIFICATION, ServiceType.DATA_SHARING)
_STRICT_SIGNATURES: Final = ("", "ES256", "PS256", "EdDSA")
"""What FAPI 2.0 takes (Security Profile §5.4.1), and no signature where a bound token came."""
_ASK_SOMETHING: Final = (ServiceType.IDENTIFICATION, ServiceType.DATA_SHARING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A new session with everything its judgement needs."""

    request: NewSession
    caller: Caller
    service: Service | None
    final: Partner | None
    """The partner the service asks for: the caller itself, or one that a broker has registered."""
    prefix: str
    """Of claim names."""
    can_encrypt: bool
    """Whether the final partner has a key that results can be encrypted to."""


def check_service(candidate: Candidate) -> None:
    """The service is the caller's own and active; others' services look like none."""
    service = candidate.service
    if service is None or service.partner_id != candidate.caller.partner.partner_id or service.state != "active":
        raise UnknownService


def check_service_type(candidate: Candidate) -> None:
    """Confirmations and signatures need contents that this API does not carry."""
    if _service(candidate).type not in _REACHED:
        raise UnsupportedService


def check_profile(candidate: Candidate) -> None:
    """A service of a strict profile is asked for as strictly here as by OpenID Connect (FAPI 2.0 §5.3.4)."""
    if not suits(candidate.caller, _service(candidate)):
        raise ProofTooWeak


def check_final_partner(candidate: Candidate) -> None:
    """The one this broker has registered for the service, and no other (T-11)."""
    caller, final, wanted = candidate.caller.partner, candidate.final, candidate.request.final_partner
    registered = _service(candidate).final_partner or caller.partner_id
    if final is None or final.partner_id != registered or final.state != "active":
        raise FinalPartnerRefused("the service names no active final partner")
    if wanted not in {"", registered}:
        raise FinalPartnerRefused("another final partner than the service's")
    if final.partner_id != caller.partner_id and not (caller.broker and final.registered_by == caller.partner_id):
        raise FinalPartnerRefused("not registered by this broker")


def check_callbacks(candidate: Candidate) -> None:
    """Registered for the service and compared exactly; a headless session has none (R-20)."""
    callbacks = candidate.request.callback_urls
    if candidate.request.flow is Flow.HEADLESS:
        if callbacks is not UNSET:
            raise InvalidBody(public="callbackUrls belongs to the flow redirect")
        return
    if callbacks is UNSET:
        raise InvalidBody(public="callbackUrls is missing")
    known = _service(candidate).callback_urls
    for name, url in (("success", callbacks.success), ("abort", callbacks.abort), ("error", callbacks.error)):
        if url not in known:
            raise CallbackRefused(public=f"callbackUrls.{name} is not registered for this service, exactly as written")


def check_subject_hint(candidate: Candidate) -> None:
    """A person is named only where no browser can show whom it belongs to."""
    if candidate.request.subject and candidate.request.flow is not Flow.HEADLESS:
        raise InvalidBody(public="subject belongs to the flow headless")


def check_attributes(candidate: Candidate) -> None:
    """Every name means something, and nothing lies beyond the contract of the service (T-10)."""
    contract = _service(candidate).contract
    for name in candidate.request.requested_attributes:
        found = attributes_of(name, candidate.prefix, contract)
        if not found:
            raise UnknownAttribute(public=f"There is no attribute {name}")
        if beyond := [attribute for attribute in found if attribute not in contract]:
            raise AttributeNotInContract(public=f"not in the contract of this service: {' '.join(beyond)}")


def check_something_is_asked(candidate: Candidate) -> None:
    """An identification or data sharing asks for one attribute at least (partner protocol, section 1.3)."""
    if _service(candidate).type in _ASK_SOMETHING and not candidate.request.requested_attributes:
        raise AttributesMissing


def check_encryption(candidate: Candidate) -> None:
    """Who wants an encrypted result has registered the final partner's key."""
    if candidate.request.encrypt_result and not candidate.can_encrypt:
        raise EncryptionUnavailable


SESSION_CHECKS: Final[tuple[Callable[[Candidate], None], ...]] = (
    check_service,
    check_service_type,
    check_profile,
    check_final_partner,
    check_callbacks,
    check_subject_hint,
    check_attributes,
    check_something_is_asked,
    check_encryption,
)


def check_session(candidate: Candidate) -> None:
    """Run `SESSION_CHECKS`.

    Raises:
        SessionRefused: the first that fails, with its name in `check`.
    """
    run_checks(SESSION_CHECKS, candidate)


def suits(caller: Caller, service: Service) -> bool:
    """Whether a call is proven as strictly as the profile of a service demands: this door is no way round it."""
    strict = service.profile == "fapi2"
    bound = caller.bound and caller.alg in _STRICT_SIGNATURES
    return (bound or not strict) and (caller.signed or not service.message_signing)


def asked_attributes(candidate: Candidate) -> Mapping[str, bool]:
    """Attributes to put before the person; True where the contract says the service cannot do without."""
    contract = _service(candidate).contract
    names = candidate.request.requested_attributes
    found = [attribute for name in names for attribute in attributes_of(name, candidate.prefix, contract)]
    return {attribute: contract[attribute] == "required" for attribute in dict.fromkeys(found)}


def _service(candidate: Candidate) -> Service:
    if candidate.service is None:
        raise UnknownService
    return candidate.service
