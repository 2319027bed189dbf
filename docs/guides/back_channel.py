"""A garden gate in one file: pair a phone by a moving code, then open only when that phone approves.

Needs httpx and joserfc. Keys are made on the first run; register the public ones, then run it again.
"""

import base64
import json
import secrets
import sys
import time
from pathlib import Path

import httpx
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet

ISSUER = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000/v2"
CLIENT_ID = "gate"
KEYS, CODE, KNOWN = Path("gate-keys.json"), Path("gate-code.png"), Path("gate-subject.txt")
CIBA = "urn:openid:params:grant-type:ciba"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def load_keys() -> KeySet:
    """Our private keys: one signs, one decrypts. The public halves go to the scheme."""
    if not KEYS.exists():
        signing = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "gate-sig"}, private=True)
        encryption = ECKey.generate_key("P-256", {"use": "enc", "alg": "ECDH-ES", "kid": "gate-enc"}, private=True)
        ours = KeySet([signing, encryption])
        KEYS.touch(mode=0o600)
        KEYS.write_text(json.dumps(ours.as_dict(private=True)))
        KEYS.with_suffix(".public.json").write_text(json.dumps(ours.as_dict(private=False)))
    return KeySet.import_key_set(json.loads(KEYS.read_text()))


class Gate:
    """The back end: it has no address that the scheme could call, and no browser."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.keys = load_keys()
        self.metadata = http.get(f"{ISSUER}/.well-known/openid-configuration").json()

    def sign(self, claims: dict[str, object]) -> str:
        """A signed object for the scheme, good for a minute, used once."""
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + 60, "jti": secrets.token_urlsafe(16)}
        header = {"alg": "ES256", "kid": "gate-sig"}
        signing = self.keys.get_by_kid("gate-sig")
        return jwt.encode(header, {"iss": CLIENT_ID, "aud": ISSUER, **times, **claims}, signing)

    def post(self, address: str, **form: str) -> httpx.Response:
        """A call with a fresh client assertion."""
        assertion = self.sign({"sub": CLIENT_ID})
        credentials = {"client_assertion_type": ASSERTION, "client_assertion": assertion}
        return self.http.post(address, data={**form, **credentials})

    def discover(self) -> str:
        """Show a code until somebody has scanned it; the token that stands for them, good for one request."""
        sessions = self.metadata["user_discovery_sessions_endpoint"]
        answer = good(self.post(sessions))
        while answer["status"] != "USER_DISCOVERED":
            shown = answer["user_discovery_token"]
            CODE.write_bytes(base64.b64decode(shown["qr_code"]))
            print(f"scan {CODE} with the app (digits, if it asks: {shown['digits']})", flush=True)
            time.sleep(answer.get("interval", 5))
            answer = good(self.post(f"{sessions}/{answer['user_discovery_session_id']}"))
        return str(answer["user_identifier_token"])

    def ask(self, service: str, hint: dict[str, str], **claims: object) -> dict[str, object]:
        """Ask a person's phone, and wait for the answer: the verified ID token."""
        wanted = {"client_id": CLIENT_ID, "scope": f"openid service:{service}", "login_hint_token": hint}
        request = self.sign({**wanted, **claims})
        begun = good(self.post(self.metadata["backchannel_authentication_endpoint"], request=request))
        if "match" in begun:
            print(f"type these digits in the app: {begun['match']}", flush=True)
        pause = begun["interval"]
        while True:
            time.sleep(pause)
            answer = self.post(self.metadata["token_endpoint"], grant_type=CIBA, auth_req_id=begun["auth_req_id"])
            if answer.status_code == 200:
                return self.open(answer.json()["id_token"])
            error = answer.json()["error"]
            if error == "slow_down":
                pause += 5
            elif error != "authorization_pending":
                sys.exit(f"not approved: {error}")

    def open(self, nested: str) -> dict[str, object]:
        """Decrypt, then verify: our key, their key, algorithms fixed beforehand."""
        opened = jwe.decrypt_compact(nested, self.keys.get_by_kid("gate-enc"), algorithms=["ECDH-ES", "A256GCM"])
        theirs = KeySet.import_key_set(self.http.get(self.metadata["jwks_uri"]).json())
        token = jwt.decode((opened.plaintext or b"").decode(), theirs, algorithms=["ES256"])
        rules = {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": CLIENT_ID}}
        jwt.JWTClaimsRegistry(leeway=30, exp={"essential": True}, sub={"essential": True}, **rules).validate(
            token.claims
        )
        return dict(token.claims)


def good(answer: httpx.Response) -> dict[str, object]:
    """The body of an answer of status 200."""
    if answer.status_code != 200:
        sys.exit(f"refused: {answer.json()['error']}: {answer.json()['error_description']}")
    return dict(answer.json())


def main() -> None:
    """Pair on the first run, open on the next."""
    with httpx.Client(timeout=20) as http:
        gate = Gate(http)
        if not KNOWN.exists():
            token = gate.discover()
            claims = gate.ask("GATE_PAIR", {"type": "user_identifier_token", "value": token})
            KNOWN.write_text(str(claims["sub"]))
            print(f"paired: {claims['sub']}")
            return
        subject = KNOWN.read_text()
        deed = {"type": "device_action", "device": "Garden gate", "action": "unlock"}
        hint = {"type": "subject_code", "value": subject}
        claims = gate.ask("GATE_OPEN", hint, authorization_details=[deed])
        if claims["sub"] != subject or claims["authorization_details"] != [deed]:
            sys.exit("somebody else, or something else: the gate stays shut")
        print("the gate is open")


if __name__ == "__main__":
    main()
