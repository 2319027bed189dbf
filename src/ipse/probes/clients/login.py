"""A whole login: a partner, a browser and a phone, as if three strangers did it."""

from __future__ import annotations

import hmac
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from threading import Lock
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

from ipse.kernel.clock import Clock, seconds
from ipse.kernel.ids import Ids, b64u, sha256
from ipse.probes.clients.calls import Answer, Caller, document, expect
from ipse.probes.model import PARTNER, SERVICE, Effect, FailedError, Tried, UnusableError
from ipse.probes.own import PartnerKeys
from ipse.probes.settings import ProbeSettings
from ipse.softphone import NoAnswer, PhoneError, Refused, SoftPhone
from ipse.standards import jose

T = TypeVar("T")
PHONE_STEPS: Final = frozenset({"configuration", "message", "claim", "approve"})
_OWN_FAULTS: Final = frozenset(
    {"account_blocked", "account_pending", "phone_stopped", "phone_copied", "unknown_phone", "wrong_code"}
)
"""What the scheme rightly refuses: somebody stopped the synthetic person."""
_SKEW: Final = 60
_ENCRYPTED: Final = frozenset({("ECDH-ES", "A256GCM")})


@dataclass
class Synthetic:
    """The synthetic person's phone and the synthetic partner. One try at a time: the phone has one memory."""

    settings: ProbeSettings
    keys: PartnerKeys
    phone: Callable[[float], SoftPhone]
    """Opens the phone, with so many seconds of patience."""
    code: str
    tls: ssl.SSLContext | None
    clock: Clock
    ids: Ids
    _turn: Lock = field(default_factory=Lock)

    def send_message(self) -> Tried:
        """Whether the phone channel answers: its configuration, and a signed message."""
        settings, steps = self.settings, _Steps("full")
        with self._turn, closing(Caller(settings.seconds, self.tls)) as caller:
            url = f"{settings.base_url}/phone/v1/configuration"
            configuration = steps.take("configuration", lambda: caller.document("configuration", url))
            if not configuration.get("phone_channel_keys", {}).get("keys"):
                raise FailedError("configuration", "names no key")
            with closing(self.phone(settings.seconds)) as phone:
                steps.take("message", phone.home)
        return Tried(steps.took)

    def log_in(self) -> Tried:
        """A login from the partner's request to a verified ID token.

        Without the phone people can go on by other ways: a failure there is a partial one.
        """
        settings = self.settings
        with (
            self._turn,
            closing(Caller(settings.login_seconds, self.tls)) as caller,
            closing(self.phone(settings.login_seconds)) as phone,
        ):
            return _Login(self, caller, phone).run()

    def revoke_nothing(self) -> Tried:
        """Whether partners' servers get answers: configuration, keys, and a token that is none revoked (RFC 7009 §2.2).

        Unlike a code that is none, that is no refusal, which would stand in logs and figures.
        """
        steps = _Steps("full")
        with closing(Caller(self.settings.seconds, self.tls)) as caller:
            metadata = steps.take("discovery", lambda: published(caller, self.settings.issuer))
            steps.take("keys", lambda: caller.document("keys", str(metadata["jwks_uri"])))
            url, form = str(metadata["revocation_endpoint"]), {"token": self.ids.secret()} | self.proof()
            answer = steps.take("revocation", lambda: caller.call("revocation", "POST", url, form=form))
        if answer.status == 401 and document("revocation", answer).get("error") == "invalid_client":
            raise UnusableError(f"the scheme does not know the partner {PARTNER} with these keys: ipse probes set-up")
        expect("revocation", answer, 200)
        return Tried(steps.took)

    def proof(self) -> dict[str, str]:
        """Who we are (RFC 7523)."""
        now = seconds(self.clock.now())
        claims = {"iss": PARTNER, "sub": PARTNER, "aud": self.settings.issuer, "jti": self.ids.identifier()}
        assertion = jose.sign(claims | {"iat": now, "exp": now + 60}, self.keys.signing, alg="ES256", typ="JWT")
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return {"client_id": PARTNER, "client_assertion_type": kind, "client_assertion": assertion}


@dataclass
class _Login:
    who: Synthetic
    caller: Caller
    phone: SoftPhone

    def run(self) -> Tried:
        who, caller, steps = self.who, self.caller, _Steps("partial")
        metadata = steps.take("discovery", lambda: published(caller, who.settings.issuer))
        state, nonce, verifier = (who.ids.secret() for _ in range(3))
        query = {
            "client_id": PARTNER,
            "response_type": "code",
            "scope": f"openid service:{SERVICE}",
            "redirect_uri": who.settings.redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": b64u(sha256(verifier)),
            "code_challenge_method": "S256",
        }
        url = f"{metadata['authorization_endpoint']}?{urlencode(query)}"
        page = steps.take("page", lambda: read_page(expect("page", caller.call("page", "GET", url), 200).body))
        request = steps.take("claim", lambda: self.phone.claim(page.content))
        steps.take("approve", lambda: self.phone.approve(request, who.code))
        finish = f"{who.settings.base_url}{page.finish}"
        code = steps.take("return", lambda: self._returned(caller.call("return", "GET", finish), state))
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": who.settings.redirect_uri}
        form |= {"code_verifier": verifier} | who.proof()
        endpoint = str(metadata["token_endpoint"])
        answer = steps.take("token", lambda: expect("token", caller.call("token", "POST", endpoint, form=form), 200))
        id_token = str(document("token", answer).get("id_token", ""))
        keys = caller.document("keys", str(metadata["jwks_uri"]))
        steps.take("id-token", lambda: self._verified(id_token, keys, nonce))
        return Tried(steps.took)

    def _returned(self, answer: Answer, state: str) -> str:
        target = answer.headers.get("location", "")
        query = parse_qs(urlsplit(target).query)
        if answer.status not in {302, 303} or not target.startswith(self.who.settings.redirect_uri + "?"):
            raise FailedError("return", f"answered {answer.status}")
        if query.get("state") != [state] or query.get("iss", [self.who.settings.issuer]) != [self.who.settings.issuer]:
            raise FailedError("return", "state or iss is not right")
        if len(query.get("code", [])) != 1:
            raise FailedError("return", query.get("error", ["no code came back"])[0])
        return query["code"][0]

    def _verified(self, id_token: str, keys: dict[str, Any], nonce: str) -> None:
        try:
            verified = jose.decrypt_then_verify(
                id_token,
                (self.who.keys.opening,),
                jose.public_keys(keys),
                allowed=_ENCRYPTED,
                algorithms={"ES256"},
                types={None, "jwt"},
            )
            claims = verified.claims
        except jose.JoseError as error:
            raise FailedError("id-token", str(error)) from error
        now = seconds(self.who.clock.now())
        if claims.get("iss") != self.who.settings.issuer or claims.get("aud") not in (PARTNER, [PARTNER]):
            raise FailedError("id-token", "it comes from, or is for, somebody else")
        if not hmac.compare_digest(str(claims.get("nonce")), nonce):
            raise FailedError("id-token", "it answers another login")
        if not claims.get("sub") or not now - _SKEW < int(claims.get("exp", 0)):
            raise FailedError("id-token", "it names nobody, or has ended")


@dataclass
class _Steps:
    """Measures steps, and says what a failure of the phone's means."""

    phone_effect: Effect
    took: dict[str, int] = field(default_factory=dict)

    def take(self, name: str, work: Callable[[], T]) -> T:
        with self._measured(name):
            try:
                return work()
            except NoAnswer as error:
                raise FailedError(name, "no answer in time", self.phone_effect) from error
            except Refused as error:
                if error.code in _OWN_FAULTS:
                    raise UnusableError(
                        f"the scheme refuses the synthetic person ({error.code}): unblock it, or ipse probes enrol"
                    ) from error
                raise FailedError(name, f"refused: {error.code}", self.phone_effect) from error
            except PhoneError as error:
                raise UnusableError(f"the synthetic person's phone cannot be used ({error.code})") from error

    @contextmanager
    def _measured(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.took[name] = round(1000 * (time.monotonic() - begun))


@dataclass(frozen=True, slots=True)
class Page:
    """What a sign-in page shows."""

    content: str
    """Of the QR."""
    finish: str
    """Path where the browser goes on after an approval."""


class _PageReader(HTMLParser):
    """Finds the QR's content and the link that goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.content = self.finish = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id") == "qr":
            self.content = found.get("data-content") or ""
        elif found.get("id") == "finish" and tag == "a":
            self.finish = found.get("href") or ""


def read_page(body: bytes) -> Page:
    """Read a sign-in page as a browser without scripts.

    Raises:
        FailedError: it shows no QR.
    """
    reader = _PageReader()
    reader.feed(body.decode("utf-8", "replace"))
    if not reader.content or not reader.finish.startswith("/"):
        raise FailedError("page", "shows no QR code")
    return Page(reader.content, reader.finish)


def published(caller: Caller, issuer: str, *, effect: Effect = "full") -> dict[str, Any]:
    """The configuration of an OpenID provider.

    Raises:
        FailedError: no answer in time, or another's.
    """
    found = caller.document("discovery", f"{issuer}/.well-known/openid-configuration", effect=effect)
    if found.get("issuer") != issuer:
        raise FailedError("discovery", "is of another issuer", effect)
    return found
