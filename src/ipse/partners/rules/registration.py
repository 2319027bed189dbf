"""What a registration must be like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from ipse.kernel.settings import Environment
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import Algorithms, AuthMethod, Partner, Preset, Sector, Service, ServiceType
from ipse.partners.rules.addresses import check_address, check_redirect_uri, check_request_uri
from ipse.partners.rules.fallbacks import check_fallbacks
from ipse.standards.jose import JoseError, KeySet, check_partner_jwks, public_keys
from ipse.standards.signature_activation import MOST_DOCUMENTS

STATES = ("active", "stopped")
LANGUAGES = ("nl", "fr", "de", "en")
PROFILES = ("default", "fapi2")
BACKCHANNEL_MODES = ("", "poll", "ping")
SECRET_CHARACTERS = 32
"""The fewest a client secret has."""
OUR_SIGNATURES = frozenset({"ES256", "RS256"})
"""What we sign with."""
THEIR_SIGNATURES = frozenset({"ES256", "RS256", "PS256", "EdDSA"})
"""What partners sign with."""
CONTENT_ENCRYPTION = frozenset({"A256GCM", "A128CBC-HS256"})
STRICT_ALGORITHMS = frozenset({"PS256", "ES256", "EdDSA"})
"""What FAPI 2.0 allows to sign with (its Security Profile §5.4.1)."""
_PARTNER_ID = re.compile(r"[A-Za-z0-9_-]{3,64}")
_RESERVED = frozenset({"ipse"})
"""The scheme itself, at which people sign in as at any partner."""
_SERVICE_CODE = re.compile(r"[A-Za-z0-9_]{3,45}")
_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,190}")
_TLS = frozenset({AuthMethod.TLS_CLIENT_AUTH, AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH})
_MOST_ADDRESSES = 100
_LONGEST_NAME = 100
_LONGEST_PURPOSE = 300


def check_partner(
    partner: Partner, environment: Environment, *, secret: str | None, published: Mapping[str, Any] | None = None
) -> None:
    """Everything about a partner that can be judged without asking others.

    `published` is the key set that stands at its `jwks_uri`, if it has one.

    Raises:
        PartnerRegistrationError: names what is wrong.
    """
    check_partner_id(partner.partner_id)
    check_state(partner.state)
    _check_text(f"the name of {partner.partner_id}", partner.name, longest=_LONGEST_NAME, field="name")
    if not partner.name.strip():
        _refuse(f"{partner.partner_id} needs a name", "name")
    for contact in partner.contacts:
        if not _EMAIL.fullmatch(contact):
            _refuse(f"contact {contact!r} is not an e-mail address", "contacts")
    if partner.logo:
        check_address("logo", partner.logo, environment, field="logo")
    if partner.sector and partner.sector not in set(Sector):
        _refuse(f"there is no sector {partner.sector!r}; there are {', '.join(Sector)}", "sector")
    if partner.broker and partner.registered_by:
        _refuse("a final partner that a broker registered is no broker itself")
    if partner.auth_method is AuthMethod.CLIENT_SECRET_POST:
        _check_secret(partner, secret)
    else:
        _check_key_partner(partner, environment, secret=secret, published=published)
    _check_tls(partner)
    if not partner.registered_by:
        _check_open_answers(partner, environment)
        check_algorithms(partner, published)


def check_partner_id(partner_id: str) -> None:
    """Letters, digits, `_` and `-`, 3 to 64 of them."""
    if not _PARTNER_ID.fullmatch(partner_id):
        _refuse(f"client_id {partner_id!r} must be 3 to 64 letters, digits, _ or -")
    if partner_id in _RESERVED:
        _refuse(f"client_id {partner_id!r} is the scheme's own")


def check_state(state: str) -> None:
    """A partner or service is active or stopped."""
    if state not in STATES:
        _refuse(f"there is no state {state!r}; it is active or stopped")


def check_service_code(code: str) -> None:
    """Letters, digits and `_`, 3 to 45 of them (protocol of the signing API caps it)."""
    if not _SERVICE_CODE.fullmatch(code):
        _refuse(f"service code {code!r} must be 3 to 45 letters, digits or _", "code")


def check_jwks(jwks: Mapping[str, Any]) -> None:
    """Public RSA (2048 bits or more) or P-256 keys with `kid`, sound, one for `sig` and one for `enc` at least."""
    _check_kids(jwks)
    try:
        check_partner_jwks(jwks)
    except JoseError as error:
        message = f"jwks: {error.reason}"
        raise PartnerRegistrationError(message, public=message, field="jwks") from error


def check_algorithms(partner: Partner, published: Mapping[str, Any] | None = None) -> None:
    """Each answer can be protected as agreed: `dir` by a secret, others by an `enc` key of the partner that fits."""
    agreed = partner.algorithms
    _check_names(agreed)
    if bool(agreed.authorization_encrypted_response_alg) != bool(agreed.authorization_encrypted_response_enc):
        _refuse("answers through the browser are encrypted with an alg and an enc, or not at all")
    names = ("id_token", "userinfo", "authorization")
    named = {f"{name}_encrypted_response_alg": getattr(agreed, f"{name}_encrypted_response_alg") for name in names}
    for name, alg in named.items():
        if not alg:
            continue
        if partner.auth_method is AuthMethod.CLIENT_SECRET_POST:
            possible = alg == "dir"
        elif partner.jwks_uri and published is None:
            possible = alg != "dir"  # nothing was fetched yet: judged when the first answer is encrypted
        else:
            possible = _has_key_for(published or partner.jwks or {"keys": []}, alg)
        if not possible:
            _refuse(
                f"answers cannot be encrypted with {alg}: the partner has no secret or enc key that fits it; "
                f"register another key, or another {name}"
            )


def _check_names(agreed: Algorithms) -> None:
    """Every algorithm is one that we speak; with those that sign for the partner, one that we have a key for."""
    signs = (
        agreed.id_token_signed_response_alg,
        agreed.userinfo_signed_response_alg,
        agreed.authorization_signed_response_alg,
    )
    contents = (
        agreed.id_token_encrypted_response_enc,
        agreed.userinfo_encrypted_response_enc,
        agreed.authorization_encrypted_response_enc,
    )
    checks: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
        (signs, OUR_SIGNATURES),
        ((*agreed.token_endpoint_auth_signing_alg, *agreed.request_object_signing_alg), THEIR_SIGNATURES),
        (contents, CONTENT_ENCRYPTION),
    )
    for named, possible in checks:
        for alg in named:
            if alg and alg not in possible:
                _refuse(f"there is no algorithm {alg!r} here; it is {' or '.join(sorted(possible))}")


def _check_open_answers(partner: Partner, environment: Environment) -> None:
    """Every answer is signed and encrypted; only suites that judge a lab read others."""
    agreed = partner.algorithms
    protected = (
        agreed.id_token_encrypted_response_alg,
        agreed.userinfo_signed_response_alg,
        agreed.userinfo_encrypted_response_alg,
    )
    if not agreed.id_token_signed_response_alg or (environment is not Environment.LAB and not all(protected)):
        _refuse("answers are signed and encrypted: agree on an algorithm for each")


def check_service_texts(service: Service) -> None:
    """Code, state, and a name in every language."""
    check_service_code(service.code)
    check_state(service.state)
    for language in LANGUAGES:
        if not service.name.get(language, "").strip():
            _refuse(f"service {service.code} needs a name in {', '.join(LANGUAGES)}", "name")
    for text in service.name.values():
        _check_text(f"the name of service {service.code}", text, longest=_LONGEST_NAME, field="name")
    for text in service.purpose.values():
        _check_text(f"the purpose of service {service.code}", text, longest=_LONGEST_PURPOSE, field="purpose")


def check_service(service: Service, partner: Partner, environment: Environment) -> None:
    """A service fits its partner and this environment.

    Raises:
        PartnerRegistrationError: names what is wrong.
    """
    addresses = (service.redirect_uris, service.request_uris, service.callback_urls)
    if any(len(each) > _MOST_ADDRESSES for each in addresses):
        _refuse(f"a service has at most {_MOST_ADDRESSES} addresses of a kind")
    for uri in service.redirect_uris:
        check_redirect_uri(uri, environment)
    for uri in service.request_uris:
        check_request_uri(uri, environment)
    for url in service.callback_urls:
        check_address("callback URL", url, environment, field="callback_urls")
    _check_profile(service, partner)
    _check_backchannel(service, partner, environment)
    check_fallbacks(service, environment)
    if service.signs and service.type is not ServiceType.IDENTIFICATION:
        _refuse("signs is for identification services; a signing service signs anyway, others do not", "signs")
    signing = service.signs or service.type is ServiceType.SIGNING
    if not 1 <= service.batch <= MOST_DOCUMENTS or (service.batch > 1 and not signing):
        _refuse(f"one approval of a service that signs signs 1 to {MOST_DOCUMENTS} documents, of another none", "batch")
    if service.final_partner and not partner.broker:
        _refuse(f"{partner.partner_id} is no broker, so its services ask for nobody else", "final_partner")


def check_final_partner(service: Service, final: Partner | None) -> None:
    """The final partner of a broker's service was registered by that broker (T-11)."""
    if final is None or final.registered_by != service.partner_id:
        _refuse(f"{service.final_partner} is no final partner that {service.partner_id} registered", "final_partner")


def check_broker(broker: Partner | None, partner_id: str) -> None:
    """Final partners are registered by a partner that is a broker."""
    if broker is None or not broker.broker:
        _refuse(f"{partner_id} is no broker")


def _check_text(what: str, text: str, *, longest: int, field: str) -> None:
    """What people read is one line of plain characters: nothing invisible, nothing that turns the reading direction."""
    if len(text) > longest or not text.isprintable():
        _refuse(f"{what} has at most {longest} characters, all of them visible", field)


def _check_secret(partner: Partner, secret: str | None) -> None:
    if partner.jwks or partner.jwks_uri:
        _refuse("a partner has a client secret or keys, not both")
    if secret is None or len(secret) < SECRET_CHARACTERS:
        _refuse(f"a client secret has at least {SECRET_CHARACTERS} characters")


def _check_key_partner(
    partner: Partner, environment: Environment, *, secret: str | None, published: Mapping[str, Any] | None
) -> None:
    if secret is not None:
        _refuse(f"a partner that authenticates by {partner.auth_method} has no client secret")
    if partner.jwks_uri:
        if partner.jwks:
            _refuse("keys stand in jwks or at jwks_uri, not both")
        check_address("jwks_uri", partner.jwks_uri, environment, field="jwks_uri")
        jwks = published
    else:
        jwks = partner.jwks or {"keys": []}
    if jwks is None:
        return
    if partner.auth_method in _TLS or partner.registered_by:
        _check_kids(jwks)
        _parsed(jwks)
    else:
        check_jwks(jwks)


def _check_tls(partner: Partner) -> None:
    if partner.auth_method is AuthMethod.TLS_CLIENT_AUTH and not partner.tls_subject:
        _refuse("tls_client_auth needs the subject of the client certificate")
    if partner.auth_method is not AuthMethod.TLS_CLIENT_AUTH and partner.tls_subject:
        _refuse("only a partner of tls_client_auth has a certificate subject")
    if partner.auth_method is AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH and not partner.jwks_uri:
        keys = (partner.jwks or {}).get("keys", [])
        if not any(jwk.get("x5c") for jwk in keys if isinstance(jwk, Mapping)):
            _refuse("self_signed_tls_client_auth needs a key with its certificate in x5c (RFC 8705 §2.2.2)")


def _check_profile(service: Service, partner: Partner) -> None:
    if service.profile not in PROFILES:
        _refuse(f"there is no profile {service.profile!r}; it is {' or '.join(PROFILES)}", "profile")
    if service.profile != "fapi2":
        return
    agreed = partner.algorithms
    if partner.auth_method is AuthMethod.CLIENT_SECRET_POST:
        _refuse("profile fapi2 needs a partner that authenticates by key or by certificate", "profile")
    for alg in (agreed.id_token_signed_response_alg, agreed.userinfo_signed_response_alg):
        if alg and alg not in STRICT_ALGORITHMS:  # only a lab agrees on none
            _refuse(f"profile fapi2 signs with PS256, ES256 or EdDSA, and {alg} is agreed with this partner", "profile")
    if not STRICT_ALGORITHMS & set(agreed.token_endpoint_auth_signing_alg):
        _refuse("profile fapi2 needs PS256, ES256 or EdDSA among the algorithms of the partner's assertions", "profile")


def _check_backchannel(service: Service, partner: Partner, environment: Environment) -> None:
    if service.backchannel_mode not in BACKCHANNEL_MODES:
        _refuse(f"there is no back-channel mode {service.backchannel_mode!r}; it is poll or ping", "backchannel_mode")
    if service.backchannel_mode and partner.auth_method is AuthMethod.CLIENT_SECRET_POST:
        _refuse("back-channel requests are for partners that authenticate by key or by certificate", "backchannel_mode")
    if service.backchannel_mode == "ping":
        if not service.notification_endpoint:
            _refuse("back-channel mode ping needs a notification endpoint", "notification_endpoint")
        check_address(
            "notification endpoint", service.notification_endpoint, environment, field="notification_endpoint"
        )
    elif service.notification_endpoint:
        _refuse("only back-channel mode ping has a notification endpoint", "notification_endpoint")
    if service.match_optional and not service.backchannel_mode:
        _refuse("only a service of the back channel can do without the two digits", "match_optional")
    # In a lab outside judges drive it, who have no screen to show digits on.
    if service.match_optional and partner.preset is not Preset.MIGRATING and environment is not Environment.LAB:
        _refuse("only partners of preset migrating can do without the two digits", "match_optional")


def _check_kids(jwks: Mapping[str, Any]) -> None:
    keys = jwks.get("keys")
    for jwk in keys if isinstance(keys, list) else ():
        if isinstance(jwk, Mapping) and not jwk.get("kid"):
            _refuse("jwks: each key needs a kid that is not empty", "jwks")


def _parsed(jwks: Mapping[str, Any]) -> KeySet:
    try:
        return public_keys(jwks)
    except JoseError as error:
        message = f"jwks: {error.reason}"
        raise PartnerRegistrationError(message, public=message, field="jwks") from error


def _has_key_for(jwks: Mapping[str, Any], alg: str) -> bool:
    try:
        public_keys(jwks).encryption_key(alg)
    except JoseError:
        return False
    return True


def _refuse(message: str, field: str = "") -> NoReturn:
    about = {"field": field} if field else {}
    raise PartnerRegistrationError(message, public=message, **about)
