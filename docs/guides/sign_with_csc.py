"""Sign a PDF with a person's remote certificate: CSC 1.0.4 with pyHanko's own client, and nothing of the scheme's code.

pip install httpx "pyhanko[async-http]"
CSC_SECRET=… python sign_with_csc.py contract.pdf [http://localhost:8000]
"""

import asyncio
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from base64 import b64decode, urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import httpx
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers import csc_signer

CLIENT_ID = "inkwell"
CALLBACK = "http://localhost:8766/signed"
BASE = sys.argv[2] if len(sys.argv) > 2 else "http://localhost:8000"
API = BASE + "/csc/v1"


def b64u(octets: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def account_token(secret: str, account: str) -> str:
    """Whom we send: our own number for the customer, signed with our client secret (HS256)."""
    claims = {"sub": account, "azp": CLIENT_ID, "iat": int(time.time()), "jti": secrets.token_hex()}
    signed = ".".join(b64u(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{signed}.{b64u(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def visit(secret: str, **asked: str) -> str:
    """Send the customer's browser round; the token that its code is worth."""
    state = secrets.token_urlsafe(32)
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "state": state,
        "account_token": account_token(secret, "customer-1001"),
    }
    print(f"{API}/oauth2/authorize?{urlencode(query | asked)}", flush=True)
    answer = wait_for_callback()
    if answer.get("state") != [state]:
        sys.exit("this answer is not to our question")
    if "error" in answer:
        sys.exit(f"not signed: {answer['error'][0]}: {answer.get('error_description', [''])[0]}")
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "client_secret": secret,
        "code": answer["code"][0],
        "redirect_uri": CALLBACK,
    }
    return str(httpx.post(API + "/oauth2/token", data=form).raise_for_status().json()["access_token"])


def call(method: str, bearer: str, /, **members: object) -> httpx.Response:
    """A method of the API."""
    headers = {"Authorization": f"Bearer {bearer}"}
    return httpx.post(f"{API}/{method}", json=members, headers=headers).raise_for_status()


def wait_for_callback() -> dict[str, list[str]]:
    """Where the browser comes back to."""
    found: dict[str, list[str]] = {}

    class Back(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.update(parse_qs(urlsplit(self.path).query))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"You can close this page.")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", urlsplit(CALLBACK).port or 80), Back) as server:
        while not found:
            server.handle_request()
    return found


class Approval(csc_signer.CSCAuthorizationManager):
    """Has the customer approve exactly the digests that pyHanko wants signed."""

    secret: str

    async def authorize_signature(self, hash_b64s: list[str]) -> csc_signer.CSCAuthorizationInfo:
        """The second way of the browser: what comes back is good for these digests, once each."""
        digests = [b64u(b64decode(each)) for each in hash_b64s]
        asked = {
            "scope": "credential",
            "credentialID": self.csc_session_info.credential_id,
            "numSignatures": str(len(digests)),
            "hash": ",".join(digests),
            "description": "Contract with Inkwell",
        }
        return csc_signer.CSCAuthorizationInfo(await asyncio.to_thread(visit, self.secret, **asked))


async def main(paper: Path, secret: str) -> None:
    """One contract."""
    # 1. Who is it? The first time the customer scans and gets a certificate; later this needs no phone.
    token = await asyncio.to_thread(visit, secret, scope="service")
    listed = await asyncio.to_thread(call, "credentials/list", token)
    session = csc_signer.CSCServiceSessionInfo(BASE, listed.json()["credentialIDs"][0], oauth_token=token)

    # 2. pyHanko prepares the PDF, asks for approval of its digest, fetches the signature and puts it in.
    async with aiohttp.ClientSession() as http:
        credential = await csc_signer.fetch_certs_in_csc_credential(http, session)
        approval = Approval(session, credential)
        approval.secret = secret
        meta = signers.PdfSignatureMetadata(
            field_name="Customer", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        with paper.open("rb") as file:
            signer = csc_signer.CSCSigner(http, approval)
            signed = await signers.async_sign_pdf(IncrementalPdfFileWriter(file), meta, signer=signer)
    target = paper.with_name(f"{paper.stem}-signed.pdf")
    target.write_bytes(signed.getbuffer())
    print(f"signed by {credential.signing_cert.subject.native['common_name']}: {target.name}")
    print(f"sha256 {hashlib.sha256(target.read_bytes()).hexdigest()}")

    # 3. The session is over: nobody needs its token any more.
    await asyncio.to_thread(call, "auth/revoke", token, token=token, token_type_hint="access_token")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), os.environ["CSC_SECRET"]))
