"""What shows that a value of the discovery document works: an exercise for each member (R-36).

`test_advertised` runs them. An exercise says whether the provider does what the value promises.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from joserfc import jwe, jws, jwt
from joserfc.jwk import KeySet, OctKey, import_key

from ipse.attributes.model import ATTRIBUTES
from ipse.kernel.ids import sha256
from ipse.oidc.model import Vocabulary
from ipse.partners.errors import PartnerRegistrationError
from ipse.partners.model import AuthMethod, Partner, Preset, Service, ServiceType, preset_algorithms
from ipse.standards.jose import JoseError
from tests.functional.conformance.suite import Came, Client, Lab, Strict
from tests.functional.oidc.relying_party import private_jwk, public_jwk
from tests.functional.oidc.test_confirmations import DETAIL, TEMPLATE, claims

CIBA: Final = "urn:openid:params:grant-type:ciba"
LOA: Final = "http://eidas.europa.eu/LoA/"
PROXY: Final = ("127.0.0.1", 40_000)
SECRET: Final = "a secret of a partner, 32 characters or more"


@dataclass
class Trial:
    """The installation under trial, and what was found out already."""

    lab: Lab
    client: Client
    document: dict[str, Any]
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    confirmed: dict[str, Any] = field(default_factory=dict)

    async def shown(self, **changes: str | None) -> bool:
        """Whether the person would be asked."""
        good: dict[str, str | None] = {"scope": f"openid service:{self.client.service}"}
        return (await self.client.authorize(**(good | changes))).status_code == 200

    async def error(self, **changes: str | None) -> str:
        answer = await self.client.authorize(scope=f"openid service:{self.client.service}", **changes)
        found: str = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("error", [""])[0]
        return found

    def key(self, alg: str) -> dict[str, Any]:
        """A key of a partner for an algorithm, always the same."""
        kty = {"E": "EC", "R": "RSA", "P": "RSA"}[alg[0]] if alg not in {"EdDSA", "Ed25519"} else "OKP"
        use = "enc" if alg.startswith(("RSA", "ECDH")) else "sig"
        name = f"{use}-{kty}"
        if name not in self.keys:
            self.keys[name] = private_jwk(kty, use, name)
        return self.keys[name]

    async def partner(self, **algorithms: Any) -> Client:
        """A partner with every kind of key, and some algorithms agreed otherwise."""
        method = AuthMethod.PRIVATE_KEY_JWT
        if "dir" in algorithms.values():
            method = AuthMethod.CLIENT_SECRET_POST
        keyed = method is AuthMethod.PRIVATE_KEY_JWT
        agreed = preset_algorithms(Preset.NEW, method, encryption_key_type="RSA" if keyed else None)
        signs = ("ES256", "RS256", "PS256", "EdDSA")  # which knows Ed25519, too
        jwks = [public_jwk(self.key(alg)) for alg in ("ES256", "RS256", "EdDSA", "RSA-OAEP", "ECDH-ES")]
        client_id = "trial" if keyed else "trial_secret"
        partner = Partner(
            partner_id=client_id,
            name="Trial",
            state="active",
            auth_method=method,
            jwks={"keys": jwks} if keyed else None,
            algorithms=msgspec.structs.replace(agreed, token_endpoint_auth_signing_alg=signs, **algorithms),
        )
        partners = self.lab.scheme.partners
        await partners.register_partner(partner, secret=None if keyed else SECRET, actor="test")
        service = await self._service(client_id)
        found = self.lab.client("suite_oidcc")
        found.client_id, found.service, found.redirect_uri = client_id, service.code, service.redirect_uris[0]
        found.signs = "ES256"
        found.secret, found.signing = None if keyed else SECRET, self.key("ES256") if keyed else None
        return found

    async def _service(self, client_id: str) -> Service:
        texts = dict.fromkeys(("nl", "fr", "de", "en"), "Trial")
        service = Service(
            code=client_id.upper(),
            partner_id=client_id,
            type=ServiceType.AUTHENTICATION,
            state="active",
            name=texts,
            purpose=texts,
            redirect_uris=("https://trial.example/back",),
            contract=dict.fromkeys(ATTRIBUTES, "voluntary"),
            backchannel_mode="poll" if client_id == "trial" else "",
        )
        await self.lab.scheme.partners.register_service(service, actor="test")
        return service

    async def read(self, token: str, signing: str, alg: str, enc: str) -> dict[str, Any]:
        """A token that the provider has protected as agreed, opened by joserfc."""
        if alg:
            key = OctKey.import_key(sha256(SECRET)) if alg == "dir" else import_key(self.key(alg))
            token = (jwe.decrypt_compact(token, key, algorithms=[alg, enc]).plaintext or b"").decode()
        keys = KeySet.import_key_set((await self.client.browser.get(self.document["jwks_uri"])).json())
        return dict(jwt.decode(token, keys, algorithms=[signing]).claims)


DETAILS: Final[dict[str, dict[str, Any]]] = {
    "payment": DETAIL,
    "agreement": {"type": "agreement", "title": "Lease", "text": "I lease plot 12.", "version": "3"},
    "device_action": {"type": "device_action", "device": "Front door", "action": "unlock", "location": "Home"},
}
Works = Callable[[Trial, Any], Awaitable[bool]]


# --- requests ---------------------------------------------------------------------------------------------------


def parameter(name: str, **more: str) -> Works:
    """A parameter of a request with this value leads to the page."""

    async def works(trial: Trial, value: Any) -> bool:
        return await trial.shown(**{name: value, **more})

    return works


async def scope(trial: Trial, value: str) -> bool:
    return await trial.shown(scope=f"openid service:{trial.client.service} {value}")


async def prompt(trial: Trial, value: str) -> bool:
    """`none` is understood: it says that a login is needed."""
    return await trial.error(prompt=value) == "login_required" if value == "none" else await trial.shown(prompt=value)


async def locale(trial: Trial, value: str) -> bool:
    page = await trial.client.authorize(scope=f"openid service:{trial.client.service}", ui_locales=value)
    return f'lang="{value}"' in page.text


async def acr(trial: Trial, value: str) -> bool:
    began = await trial.client.begin(acr_values=value)
    level = value.removeprefix(LOA) if value.startswith(LOA) else "substantial"
    await trial.lab.approve(began.handle, level=level)
    return bool((await trial.client.came(began)).claims["acr"] == value)


async def challenge(trial: Trial, value: str) -> bool:
    return await trial.shown(code_challenge="c" * 43, code_challenge_method=value)


async def claim(trial: Trial, value: str) -> bool:
    """Of ID tokens, of confirmations, or an attribute that the person is asked for."""
    prefix = trial.lab.installation.settings.claim_prefix
    if value in {"iss", "sub", "aud", "iat", "exp", "nonce", "acr", "auth_time"}:
        return value in (await trial.client.login(scope=f"openid service:{trial.client.service}", nonce="n")).claims
    if value == "amr":
        return value in (await without_the_phone(trial)).claims
    if value == "authorization_details" or value.startswith(prefix + "claim_approval_") or value.endswith("_digest"):
        return value in await confirmed(trial)
    began = await trial.client.begin(claims=json.dumps({"userinfo": {value: None}}))
    row = await trial.lab.installation.database.row(
        "select request from actions_actions where handle = $1", began.handle
    )
    assert row is not None
    asked = {each["name"] for each in msgspec.json.decode(row["request"])["attributes"]}
    return Vocabulary(prefix).attribute(value) in asked


async def without_the_phone(trial: Trial) -> Came:
    """A login that says that another way than the phone was used."""
    began = await trial.client.begin(scope=f"openid service:{trial.client.service}")
    await trial.lab.approve(began.handle)
    await trial.lab.installation.database.rows(
        "update actions_actions set method = 'eid_card' where handle = $1 returning action_id", began.handle
    )
    return await trial.client.came(began)


async def confirmed(trial: Trial) -> dict[str, Any]:
    """What the tokens of three confirmations say: a payment and a text by template, a payment by details."""
    if not trial.confirmed:
        prefix = trial.lab.installation.settings.claim_prefix + "claim_approval_"
        text = {f"{prefix}template_name": "free_text", f"{prefix}text_key": "Yes"}
        party = await confirming(trial)
        for asked in (
            {"claims": claims(TEMPLATE, "id_token")},
            {"claims": claims(text, "id_token")},
            {"authorization_details": json.dumps([DETAIL])},
        ):
            came = await confirm(trial, party, asked)
            trial.confirmed |= came.claims | {"authorization_details": came.tokens.get("authorization_details")}
    return trial.confirmed


async def confirming(trial: Trial) -> Client:
    """A partner with a service to confirm."""
    party = await trial.partner(id_token_encrypted_response_alg="", id_token_encrypted_response_enc="")
    service = await trial.lab.scheme.partners.registered("TRIAL")
    assert service is not None
    pay = msgspec.structs.replace(service, code="TRIAL_PAY", type=ServiceType.CONFIRMATION, contract={})
    await trial.lab.scheme.partners.register_service(pay, actor="test")
    party.service, party.algorithms = "TRIAL_PAY", ("ES256", "", "")
    return party


async def confirm(trial: Trial, party: Client, asked: dict[str, str]) -> Any:
    pushed = await party.push(**asked)
    assert pushed.status_code == 201, pushed.text
    page = await party.authorize(
        request_uri=pushed.json()["request_uri"], response_type=None, scope=None, redirect_uri=None
    )
    handle = page.text.partition("/v2/sign-in/")[2][:22]
    await trial.lab.approve(handle)
    location = (await party.browser.get(f"{party.issuer}/sign-in/{handle}/finish")).headers["location"]
    answer = (await party.token(httpx.URL(location).params["code"], None)).json()
    return _Told(answer, await party.opened(answer["id_token"]))


@dataclass
class _Told:
    tokens: dict[str, Any]
    claims: dict[str, Any]


async def details_type(trial: Trial, value: str) -> bool:
    """A schema is published for it, and requests of it are judged by that."""
    schema = f"{trial.client.issuer}/schemas/authorization-details/{value}.json"
    if (await trial.client.browser.get(schema)).status_code != 200:
        return False
    party = await confirming(trial)
    answer = await party.push(authorization_details=json.dumps([DETAILS.get(value, {"type": value})]))
    return answer.status_code == 201


# --- answers ----------------------------------------------------------------------------------------------------


def protected(answer: str, what: str) -> Works:
    """An answer signed or encrypted with this algorithm, opened by joserfc with the other values as they may be."""

    async def works(trial: Trial, value: str) -> bool:
        chosen = {"signed_alg": "ES256", "encrypted_alg": "RSA-OAEP-256", "encrypted_enc": "A256GCM", what: value}
        named = {f"{answer}_{name.replace('_', '_response_', 1)}": alg for name, alg in chosen.items()}
        both = dict.fromkeys(("id_token_encrypted_response_alg", "userinfo_encrypted_response_alg"), "dir")
        try:
            party = await trial.partner(**named, **(both if value == "dir" and answer == "authorization" else {}))
            token = await answers(trial, party, answer, dir_everywhere=value == "dir")
            await trial.read(token, chosen["signed_alg"], chosen["encrypted_alg"], chosen["encrypted_enc"])
        except (PartnerRegistrationError, JoseError, KeyError):
            return False
        return True

    return works


async def answers(trial: Trial, party: Client, answer: str, *, dir_everywhere: bool) -> str:
    """The token that is looked at; KeyError where there is none."""
    if answer == "authorization":
        refusal = await party.authorize(response_mode="jwt", prompt="none")
        return str(parse_qs(urlsplit(refusal.headers.get("location", "")).query)["response"][0])
    began = await party.begin()
    await trial.lab.approve(began.handle)
    code = (await party.finish(began))["code"]
    tokens = (await party.token(code, began.verifier)).json()
    if answer == "id_token":
        return str(tokens["id_token"])
    shared = await party.userinfo(tokens["access_token"])
    if shared.status_code != 200:
        raise KeyError(shared.text)
    return shared.text


async def subject_type(trial: Trial, value: str) -> bool:
    other = trial.lab.client("suite_oidcc_second")
    subjects = {
        (await each.login(scope=f"openid service:{each.service}")).claims["sub"] for each in (trial.client, other)
    }
    return value == ("pairwise" if len(subjects) == 2 else "public")


async def claim_type(trial: Trial, value: str) -> bool:
    found = await trial.client.login(scope=f"openid service:{trial.client.service} profile")
    said = await trial.client.shared(found.tokens["access_token"])
    return "name" in said if value == "normal" else f"_{value}" in said or "_claim_names" in said


# --- clients ----------------------------------------------------------------------------------------------------


async def grant(trial: Trial, value: str) -> bool:
    answer = await trial.client.token("x" * 36, None, grant_type=value, auth_req_id="x" * 43, scope="partner.log")
    return bool(answer.json().get("error") != "unsupported_grant_type")


def proving(endpoint: str) -> Works:
    """A partner that proves itself in this way gets as far as its request."""

    async def works(trial: Trial, value: str) -> bool:
        address = trial.document[endpoint]
        form = {"grant_type": "authorization_code", "code": "x" * 36, "redirect_uri": "x:", "token": "x" * 43}
        keyed = await trial.partner()
        secret = await trial.partner(**dict.fromkeys(_ENCRYPTED, "dir"))
        headers: dict[str, str] = {}
        match value:
            case "private_key_jwt":
                form |= keyed.credentials()
            case "client_secret_post":
                form |= secret.credentials()
            case "client_secret_basic":
                secret.basic = True
                headers = secret.authorization()
            case "self_signed_tls_client_auth" | "tls_client_auth":
                return value in trial.document[f"{endpoint}_auth_methods_supported"]  # tried in test_certificates
            case _:
                form |= {"client_id": secret.client_id}
        answer = await trial.client.browser.post(address, data=form, headers=headers)
        return answer.status_code == 200 or answer.json()["error"] == "invalid_grant"

    return works


_ENCRYPTED: Final = ("id_token_encrypted_response_alg", "userinfo_encrypted_response_alg")


def assertion_algorithm(endpoint: str) -> Works:
    async def works(trial: Trial, value: str) -> bool:
        party, now = await trial.partner(), trial.lab.now
        stated = {"iss": "trial", "sub": "trial", "aud": party.issuer, "iat": now, "exp": now + 60}
        assertion = made(trial, stated | {"jti": secrets.token_urlsafe(16)}, value)
        form = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
        form |= {"client_assertion": assertion, "token": "x" * 43, "grant_type": "authorization_code"}
        form |= {"code": "x" * 36, "redirect_uri": "x:"}
        answer = await trial.client.browser.post(trial.document[endpoint], data=form)
        return answer.status_code == 200 or answer.json()["error"] == "invalid_grant"

    return works


def made(trial: Trial, stated: dict[str, Any], alg: str, typ: str | None = None) -> str:
    """A token of the partner with this algorithm; for `none` without a signature."""
    key: dict[str, Any] = trial.key(alg) if alg != "none" else {"kid": "none"}
    header = {"alg": alg, "kid": key["kid"]} | ({"typ": typ} if typ else {})
    if alg == "none":
        return ".".join((*(_b64(part) for part in (header, stated)), ""))
    return jws.serialize_compact(header, json.dumps(stated), import_key(key), algorithms=[alg])


def _b64(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def object_algorithm(trial: Trial, value: str) -> bool:
    party = await trial.partner()
    page = await party.authorize(request=made(trial, _requested(trial, party), value, "oauth-authz-req+jwt"))
    return page.status_code == 200


def _requested(trial: Trial, party: Client) -> dict[str, Any]:
    now = trial.lab.now
    return {
        "iss": party.client_id,
        "aud": party.issuer,
        "nbf": now,
        "exp": now + 60,
        "client_id": party.client_id,
        "response_type": "code",
        "scope": f"openid service:{party.service}",
        "redirect_uri": party.redirect_uri,
    }


def object_encryption(what: str) -> Works:
    async def works(trial: Trial, value: str) -> bool:
        party = await trial.partner()
        inner = made(trial, _requested(trial, party), "ES256", "oauth-authz-req+jwt")
        party.metadata = trial.document
        page = await party.authorize(request=await party.encrypted(inner, **{what: value}))
        return page.status_code == 200

    return works


async def dpop_algorithm(trial: Trial, value: str) -> bool:
    strict = Strict(trial.lab.client("suite_fapi"))
    key, header = trial.key(value), {"typ": "dpop+jwt", "alg": value}
    public = {name: member for name, member in public_jwk(key).items() if name not in {"use", "kid", "alg"}}
    for _ in range(2):
        address = strict.client.issuer + "/par"
        stated = {"jti": secrets.token_urlsafe(12), "htm": "POST", "htu": address, "iat": trial.lab.now}
        stated |= {"nonce": strict.nonce} if strict.nonce else {}
        proof = jws.serialize_compact(header | {"jwk": public}, json.dumps(stated), import_key(key), algorithms=[value])
        form = {**strict.asked(), **strict.client.credentials()}
        answer = strict.heard(await trial.client.browser.post(address, data=form, headers={"DPoP": proof}))
        if answer.json().get("error") != "use_dpop_nonce":
            break
    return answer.status_code == 201


# --- the back channel -------------------------------------------------------------------------------------------


async def backchannel_algorithm(trial: Trial, value: str) -> bool:
    party, now = await trial.partner(), trial.lab.now
    stated = {
        "iss": "trial",
        "aud": party.issuer,
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "scope": "openid service:TRIAL",
    }
    hint = {"type": "subject_code", "value": "x" * 36}
    stated |= {"jti": secrets.token_urlsafe(16), "login_hint_token": hint}
    form = {"request": made(trial, stated, value), **party.credentials()}
    answer = await trial.client.browser.post(trial.document["backchannel_authentication_endpoint"], data=form)
    return answer.status_code == 200 or answer.json()["error"] == "unknown_user_id"


async def delivery_mode(trial: Trial, value: str) -> bool:
    await trial.partner()
    service = await trial.lab.scheme.partners.registered("TRIAL")
    assert service is not None
    told = "https://trial.example/told" if value == "ping" else ""
    changed = msgspec.structs.replace(service, backchannel_mode=value, notification_endpoint=told)
    try:
        await trial.lab.scheme.partners.register_service(changed, actor="test")
    except PartnerRegistrationError:
        return False
    return True


async def user_code(trial: Trial, value: bool) -> bool:
    """`false`: a request that brings one is refused, or not changed by it."""
    party, now = await trial.partner(), trial.lab.now
    stated = {
        "iss": "trial",
        "aud": party.issuer,
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "scope": "openid service:TRIAL",
    }
    stated |= {"jti": secrets.token_urlsafe(16), "login_hint_token": {"type": "subject_code", "value": "x" * 36}}
    form = {"request": made(trial, stated, "ES256"), **party.credentials()}
    answer = await trial.client.browser.post(trial.document["backchannel_authentication_endpoint"], data=form)
    needed = answer.json().get("error") == "missing_user_code"
    return needed is value


# --- addresses and yes or no ------------------------------------------------------------------------------------


async def answering(trial: Trial, value: str) -> bool:
    """Somebody answers there: a refusal will do."""
    for method in ("GET", "POST"):
        if (await trial.client.browser.request(method, value)).status_code not in {404, 405}:
            return True
    return False


async def aliases(trial: Trial, value: dict[str, str]) -> bool:
    """Each is the same path at the address for certificates, which a proxy serves."""
    issuer, alias = trial.client.issuer, trial.lab.installation.settings.mtls_issuer
    return all(address == trial.document[name].replace(issuer, str(alias)) for name, address in value.items())


async def issuer(trial: Trial, value: str) -> bool:
    answer = await trial.client.browser.get(value + "/.well-known/openid-configuration")
    return answer.status_code == 200 and bool(answer.json()["issuer"] == value)


def truth(find: Works) -> Works:
    """The document says the truth: what is found is what it says."""

    async def works(trial: Trial, value: bool) -> bool:
        return await find(trial, value) is value

    return works


async def takes_claims(trial: Trial, _: object) -> bool:
    return await claim(trial, "email")


async def takes_objects(trial: Trial, _: object) -> bool:
    return await object_algorithm(trial, "ES256")


async def takes_addresses(trial: Trial, _: object) -> bool:
    """Pushed ones of our own; others must be registered."""
    pushed = await Strict(trial.lab.client("suite_fapi")).push()
    return pushed.status_code == 201


async def wants_registration(trial: Trial, _: object) -> bool:
    return await trial.error(request_uri="https://trial.example:443/request") == "invalid_request_uri"


async def wants_push(trial: Trial, _: object) -> bool:
    return not await trial.shown()


async def names_itself(trial: Trial, _: object) -> bool:
    answer = await trial.client.authorize(prompt="none")
    return parse_qs(urlsplit(answer.headers["location"]).query)["iss"] == [trial.client.issuer]


async def binds_to_certificates(trial: Trial, _: object) -> bool:
    return bool(trial.lab.installation.settings.certificate_proxies)  # tried in test_fapi_ciba and test_certificates


ENDPOINT: Final = (answering, ("https://localhost:8200/v2/nowhere",))
EXERCISES: Final[dict[str, tuple[Works, tuple[Any, ...]]]] = {
    "issuer": (issuer, ("https://localhost:8200/v3",)),
    **dict.fromkeys(
        (
            *("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "revocation_endpoint"),
            *("pushed_authorization_request_endpoint", "backchannel_authentication_endpoint"),
            "user_discovery_sessions_endpoint",
        ),
        ENDPOINT,
    ),
    "mtls_endpoint_aliases": (aliases, ({"token_endpoint": "https://localhost:8200/v2/token"},)),
    "scopes_supported": (scope, ("offline_access", "unadvertised")),
    "response_types_supported": (parameter("response_type"), ("token", "id_token", "code id_token", "none")),
    "response_modes_supported": (parameter("response_mode"), ("fragment", "form_post.jwt", "fragment.jwt")),
    "display_values_supported": (parameter("display"), ("popup", "touch", "wap")),
    "prompt_values_supported": (prompt, ("create",)),
    "ui_locales_supported": (locale, ("es", "sv")),
    "acr_values_supported": (acr, ("urn:other", LOA + "highest")),
    "code_challenge_methods_supported": (challenge, ("plain", "S512")),
    "claims_supported": (claim, ("nickname", "website")),
    "authorization_details_types_supported": (details_type, ("account_information",)),
    "subject_types_supported": (subject_type, ("public",)),
    "claim_types_supported": (claim_type, ("aggregated", "distributed")),
    "grant_types_supported": (grant, ("implicit", "password", "refresh_token")),
    **{
        f"{answer}_{name}_values_supported": (protected(answer, what), others)
        for answer in ("id_token", "userinfo", "authorization")
        for name, what, others in (
            ("signing_alg", "signed_alg", ("PS512", "none", "HS256")),
            ("encryption_alg", "encrypted_alg", ("RSA1_5", "A128KW")),
            ("encryption_enc", "encrypted_enc", ("A128GCM", "A256CBC-HS512")),
        )
    },
    **{
        f"{endpoint}_auth_methods_supported": (proving(endpoint), others)
        for endpoint, others in (
            ("token_endpoint", ("client_secret_basic", "none", "tls_client_auth")),
            ("revocation_endpoint", ("none", "tls_client_auth")),
        )
    },
    **{
        f"{endpoint}_auth_signing_alg_values_supported": (assertion_algorithm(endpoint), ("PS512", "none"))
        for endpoint in ("token_endpoint", "revocation_endpoint")
    },
    "request_object_signing_alg_values_supported": (object_algorithm, ("PS512", "none")),
    "request_object_encryption_alg_values_supported": (object_encryption("alg"), ("RSA-OAEP",)),
    "request_object_encryption_enc_values_supported": (object_encryption("enc"), ("A128GCM", "A256CBC-HS512")),
    "dpop_signing_alg_values_supported": (dpop_algorithm, ("RS256",)),
    "backchannel_token_delivery_modes_supported": (delivery_mode, ("push",)),
    "backchannel_authentication_request_signing_alg_values_supported": (backchannel_algorithm, ("PS512", "none")),
    "backchannel_user_code_parameter_supported": (user_code, (True,)),
    "claims_parameter_supported": (truth(takes_claims), (False,)),
    "request_parameter_supported": (truth(takes_objects), (False,)),
    "request_uri_parameter_supported": (truth(takes_addresses), (False,)),
    "require_request_uri_registration": (truth(wants_registration), (False,)),
    "require_pushed_authorization_requests": (truth(wants_push), (True,)),
    "require_signed_request_object": (truth(wants_push), (True,)),
    "authorization_response_iss_parameter_supported": (truth(names_itself), (False,)),
    "tls_client_certificate_bound_access_tokens": (truth(binds_to_certificates), (False,)),
}
"""By member: what shows that a value works, and values that must not. Add one with each member of the document."""
