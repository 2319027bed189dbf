"""Have a payment confirmed: push what is to be paid, let the person approve it, check that exactly this was signed.

Continues first_login.py: the same keys, the same partner, another service.
"""

import json
import secrets
import sys
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import urlencode

import first_login as login
import httpx
from joserfc import jwe, jwt
from joserfc.jwk import KeySet

SERVICE = "GARDEN_PAY"
CLAIM = "http://itsme.services/v2/claim/"
PAYMENT = {
    "type": "payment",
    "instructedAmount": {"currency": "EUR", "amount": "24.50"},
    "creditorName": "Garden Club",
    "creditorAccount": {"iban": "BE71096123456769"},
    "remittanceInformationUnstructured": "Membership 2027",
}


def b64u(octets: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def credentials(keys: KeySet) -> dict[str, str]:
    """Proof of who we are; each is used once."""
    now, signing = int(time.time()), keys.get_by_kid("garden-sig")
    who = {"iss": login.CLIENT_ID, "sub": login.CLIENT_ID, "aud": login.ISSUER}
    proof = who | {"iat": now, "exp": now + 60, "jti": secrets.token_hex()}
    return {
        "client_id": login.CLIENT_ID,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256", "kid": signing.kid}, proof, signing),
    }


def main() -> None:
    """One payment."""
    keys = login.load_keys()
    provider = httpx.get(login.ISSUER + "/.well-known/openid-configuration").raise_for_status().json()

    # 1. Our server leaves the request with the scheme. The browser carries its number, and can change nothing.
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    request = {
        "response_type": "code",
        "scope": f"openid service:{SERVICE}",
        "redirect_uri": login.CALLBACK,
        "state": state,
        "nonce": nonce,
        "code_challenge": b64u(sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        "authorization_details": json.dumps([PAYMENT]),
    }
    pushed = httpx.post(provider["pushed_authorization_request_endpoint"], data=request | credentials(keys))
    if pushed.is_error:
        sys.exit(f"refused: {pushed.json()}")
    browser = {"client_id": login.CLIENT_ID, "request_uri": pushed.json()["request_uri"]}
    print(provider["authorization_endpoint"] + "?" + urlencode(browser), flush=True)

    # 2. The browser comes back.
    answer = login.wait_for_callback()
    if answer.get("state") != [state] or answer.get("iss") != [login.ISSUER]:
        sys.exit("this answer is not to our question")
    if "error" in answer:
        sys.exit(f"not paid: {answer['error'][0]}")

    # 3. Redeem the code, decrypt, verify.
    code = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": login.CALLBACK}
    form = code | {"code_verifier": verifier} | credentials(keys)
    tokens = httpx.post(provider["token_endpoint"], data=form).raise_for_status().json()
    inner = jwe.decrypt_compact(tokens["id_token"], keys, algorithms=["ECDH-ES", "A256GCM"]).plaintext
    published = KeySet.import_key_set(httpx.get(provider["jwks_uri"]).raise_for_status().json())
    claims = jwt.decode(inner.decode(), published, algorithms=["ES256"]).claims
    expected = {
        name: {"essential": True, "value": value}
        for name, value in {"iss": login.ISSUER, "aud": login.CLIENT_ID, "nonce": nonce}.items()
    }
    jwt.JWTClaimsRegistry(leeway=30, exp={"essential": True}, **expected).validate(claims)

    # 4. What was confirmed is what we asked. For texts and integers, canonical JSON (RFC 8785) is this:
    canonical = json.dumps([PAYMENT], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if claims.get("authorization_details") != [PAYMENT]:
        sys.exit("something else was confirmed")
    if claims.get(CLAIM + "authorization_details_digest") != b64u(sha256(canonical).digest()):
        sys.exit("something else was signed")
    print(f"confirmed: {PAYMENT['instructedAmount']} by {claims['sub']}")
    print(f"keep this with the payment: {claims[CLAIM + 'approval_digest']}")


if __name__ == "__main__":
    main()
