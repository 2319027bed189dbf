"""Confirmations: what a person is to confirm, by the templates of the partner protocol (section 1.8).

The templates travel in the `claims` parameter: `adv_payment` with amount, currency and account, `free_text` with a
text. What is judged here becomes `actions.model.Content`, is shown, and is signed by the phone as it was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ipse.actions.model import Content, FreeText, Payment
from ipse.oidc.errors import InvalidRequest
from ipse.oidc.model import AuthorizationRequest, Vocabulary
from ipse.partners.model import ServiceType
from ipse.standards.currencies import is_currency
from ipse.standards.iban import compact, is_iban
from ipse.standards.markup import MarkupError, clean
from ipse.standards.openid import ClaimRequest

NAME: Final = "claim_approval_template_name"
AMOUNT: Final = "claim_approval_amount_key"
CURRENCY: Final = "claim_approval_currency_key"
IBAN: Final = "claim_approval_iban_key"
TEXT: Final = "claim_approval_text_key"
PAYMENT: Final = "adv_payment"
FREE_TEXT: Final = "free_text"
TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {PAYMENT: (AMOUNT, CURRENCY, IBAN), FREE_TEXT: (TEXT,)}
"""The claims of each template beside its name."""
TEMPLATE_CLAIMS: Final = (NAME, AMOUNT, CURRENCY, IBAN, TEXT)
_AMOUNT: Final = re.compile(r"0|[1-9][0-9]{0,14}")


def read_template(request: AuthorizationRequest) -> AuthorizationRequest:
    """The template claims, from both places they can be asked in; asked twice, they say the same."""
    template: dict[str, str] = {}
    places = []
    for place, claims in (("id_token", request.claims.id_token), ("userinfo", request.claims.userinfo)):
        found = _template_claims(request.vocabulary, claims)
        if any(template.get(name, value) != value for name, value in found.items()):
            raise InvalidRequest("claims: a template claim is asked with two values")
        template |= found
        places += [place] if found else []
    return replace(request, template=template, template_in=tuple(places)) if template else request


def check_template_allowed(request: AuthorizationRequest) -> AuthorizationRequest:
    """Only a service for confirmations has something confirmed, and by one way at a time."""
    if request.template and request.service.type is not ServiceType.CONFIRMATION:
        raise InvalidRequest("claims: template claims are for a confirmation service")
    if request.template and request.authorization_details:
        raise InvalidRequest("a confirmation has either a template or authorization_details")
    return request


def check_template(request: AuthorizationRequest) -> AuthorizationRequest:
    """A known template with exactly its own claims."""
    if not request.template:
        return request
    wanted = TEMPLATES.get(request.template.get(NAME, ""))
    if wanted is None:
        raise InvalidRequest(f"claims: {NAME} must be {' or '.join(TEMPLATES)}")
    if set(request.template) != {NAME, *wanted}:
        raise InvalidRequest(f"claims: the template takes exactly {', '.join(wanted)}")
    return request


def check_amount(request: AuthorizationRequest) -> AuthorizationRequest:
    """An integer in text: whole units of the currency, shown exactly as written."""
    amount = request.template.get(AMOUNT)
    if amount is not None and not _AMOUNT.fullmatch(amount):
        raise InvalidRequest(f"claims: {AMOUNT} must be an integer of at most 15 digits, without sign or leading zero")
    return request


def check_currency(request: AuthorizationRequest) -> AuthorizationRequest:
    """An ISO 4217 code."""
    currency = request.template.get(CURRENCY)
    if currency is not None and not is_currency(currency):
        raise InvalidRequest(f"claims: {CURRENCY} must be an ISO 4217 code in capitals")
    return request


def check_account(request: AuthorizationRequest) -> AuthorizationRequest:
    """A valid IBAN; the spaces of its printed form are no matter."""
    account = request.template.get(IBAN)
    if account is not None and not is_iban(compact(account)):
        raise InvalidRequest(f"claims: {IBAN} must be a valid IBAN in capitals")
    return request


def check_text(request: AuthorizationRequest) -> AuthorizationRequest:
    """ISO 8859-15, at most 7500 characters, something to read; the error names the place, never the text."""
    text = request.template.get(TEXT)
    try:
        if text is not None:
            clean(text)
    except MarkupError as error:
        raise InvalidRequest(f"claims: {TEXT}: {error}") from error
    return request


def take_content(request: AuthorizationRequest) -> AuthorizationRequest:
    """The content that a good template stands for."""
    return replace(request, content=content_of(request.template)) if request.template else request


def check_something_is_confirmed(request: AuthorizationRequest) -> AuthorizationRequest:
    """A confirmation has something to confirm."""
    if request.service.type is ServiceType.CONFIRMATION and not request.content:
        raise InvalidRequest("a confirmation needs a template in claims, or authorization_details")
    return request


def check_way_of_asking(request: AuthorizationRequest) -> AuthorizationRequest:
    """Never by plain query, which the browser could change (partner protocol, section 1.8)."""
    if request.service.type is ServiceType.CONFIRMATION and request.source == "query":
        raise InvalidRequest("a confirmation is asked by a request object or a pushed request")
    return request


def read_subject_hint(request: AuthorizationRequest) -> AuthorizationRequest:
    """The `sub` of the `userinfo` set says whose phone is asked, without scan or link; for confirmations only."""
    asked = request.claims.userinfo.get("sub")
    if request.service.type is not ServiceType.CONFIRMATION or asked is None or not asked.values:
        return request
    hint = str(asked.values[0])
    demanded = request.claims.id_token.get("sub")
    if demanded is not None and demanded.values and demanded.values[0] != hint:
        raise InvalidRequest("claims: sub is asked with two values")
    return replace(request, subject_hint=hint)


CONFIRMATION_CHECKS: Final[tuple[Callable[[AuthorizationRequest], AuthorizationRequest], ...]] = (
    read_template,
    check_template_allowed,
    check_template,
    check_amount,
    check_currency,
    check_account,
    check_text,
    take_content,
    check_something_is_confirmed,
    check_way_of_asking,
    read_subject_hint,
)


def content_of(template: Mapping[str, str]) -> tuple[Content, ...]:
    """What a person is shown for a template whose claims have passed the checks.

    Raises:
        MarkupError, KeyError: they have not.
    """
    if template[NAME] == PAYMENT:
        account = compact(template[IBAN])
        return (Payment(amount=template[AMOUNT], currency=template[CURRENCY], creditor_iban=account),)
    return (FreeText(text=clean(template[TEXT])),)


def _template_claims(vocabulary: Vocabulary, claims: Mapping[str, ClaimRequest]) -> dict[str, str]:
    found: dict[str, str] = {}
    for claim, how in claims.items():
        name = vocabulary.own(claim)
        if name not in TEMPLATE_CLAIMS:
            continue
        if how.essential is False or len(how.values) != 1 or not isinstance(how.values[0], str):
            raise InvalidRequest(f"claims: {name} is asked with essential true and one value, a text")
        if found.setdefault(name, how.values[0]) != how.values[0]:
            raise InvalidRequest("claims: a template claim is asked with two values")
    return found
