"""A relying party in one file: log in with Ipse, verify everything, say who it is.

Needs httpx and joserfc. Keys are made on the first run; register the public ones, then run it again.
"""

import json
import secrets
import sys
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet

ISSUER = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000/v2"
CLIENT_ID, SERVICE = "garden", "GARDEN_LOGIN"
CALLBACK = "http://localhost:8765/callback"
KEYS = Path("garden-keys.json")


def load_keys() -> KeySet:
    """Our private keys: one signs, one decrypts. The public halves go to the scheme."""
    if not KEYS.exists():
        signing = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "garden-sig"}, private=True)
        encryption = ECKey.generate_key("P-256", {"use": "enc", "alg": "ECDH-ES", "kid": "garden-enc"}, private=True)
        ours = KeySet([signing, encryption])
        KEYS.touch(mode=0o600)
        KEYS.write_text(json.dumps(ours.as_dict(private=True)))
        KEYS.with_suffix(".public.json").write_text(json.dumps(ours.as_dict(private=False)))
    return KeySet.import_key_set(json.loads(KEYS.read_text()))


def wait_for_callback() -> dict[str, list[str]]:
    """Listen until the browser comes back, and return the query it brings."""
    found: dict[str, list[str]] = {}

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.update(parse_qs(urlsplit(self.path).query))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"You can close this window.")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("localhost", urlsplit(CALLBACK).port or 80), Callback) as server:
        while not found:
            server.handle_request()
    return found


def main() -> None:
    """One login."""
    keys = load_keys()
    provider = httpx.get(ISSUER + "/.well-known/openid-configuration").raise_for_status().json()

    # 1. Send the browser. Keep state, nonce and verifier for this browser only.
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    request = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "scope": f"openid service:{SERVICE}",
        "redirect_uri": CALLBACK,
        "state": state,
        "nonce": nonce,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "claims": json.dumps({"id_token": {"given_name": None}}),
    }
    print(provider["authorization_endpoint"] + "?" + urlencode(request), flush=True)

    # 2. The browser comes back. State says that it is the same one; iss, that it comes from our provider.
    answer = wait_for_callback()
    if answer.get("state") != [state] or answer.get("iss") != [ISSUER]:
        sys.exit("this answer is not to our question")
    if "error" in answer:
        sys.exit(f"not logged in: {answer['error'][0]}")

    # 3. Redeem the code, proving with a signature who we are.
    now = int(time.time())
    signing = keys.get_by_kid("garden-sig")
    proof = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": secrets.token_hex()}
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"][0],
        "redirect_uri": CALLBACK,
        "code_verifier": verifier,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256", "kid": signing.kid}, proof, signing),
    }
    tokens = httpx.post(provider["token_endpoint"], data=form).raise_for_status().json()

    # 4. Decrypt, then verify: an encrypted token alone proves nothing.
    inner = jwe.decrypt_compact(tokens["id_token"], keys, algorithms=["ECDH-ES", "A256GCM"]).plaintext
    published = KeySet.import_key_set(httpx.get(provider["jwks_uri"]).raise_for_status().json())
    claims = jwt.decode(inner.decode(), published, algorithms=["ES256"]).claims
    expected = {
        name: {"essential": True, "value": value}
        for name, value in {"iss": ISSUER, "aud": CLIENT_ID, "nonce": nonce}.items()
    }
    jwt.JWTClaimsRegistry(leeway=30, exp={"essential": True}, **expected).validate(claims)
    print(f"logged in: {claims['sub']} ({claims.get('given_name', 'no first name')}), {claims['acr']}")


if __name__ == "__main__":
    main()
