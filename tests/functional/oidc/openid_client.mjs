// A relying party made with openid-client, as it comes. Reads the partner as a line of JSON and says where to send the
// browser; reads where the browser came back, and says what it was told and what it believed.
import { createHash, webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
import { compactDecrypt } from "jose";
import * as client from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value;
const say = (value) => console.log(JSON.stringify(value));

/** A private JWK as the kind of key that openid-client takes. */
async function imported({ use, ...jwk }) {
  const names = jwk.kty === "EC" ? { sig: "ECDSA", enc: "ECDH" } : { sig: "RSASSA-PKCS1-v1_5", enc: "RSA-OAEP" };
  const algorithm = { name: names[use], namedCurve: jwk.crv, hash: "SHA-256" };
  const uses = { ECDSA: ["sign"], "RSASSA-PKCS1-v1_5": ["sign"], ECDH: ["deriveBits"], "RSA-OAEP": ["decrypt", "unwrapKey"] };
  return { key: await webcrypto.subtle.importKey("jwk", jwk, algorithm, false, uses[algorithm.name]), kid: jwk.kid };
}

/** openid-client decrypts with private keys only; a partner with a secret unwraps before the library reads. */
function unwrapping(secret) {
  const key = createHash("sha256").update(secret).digest();
  const unwrap = async (token) => new TextDecoder().decode((await compactDecrypt(token, key)).plaintext);
  return async (url, options) => {
    const answer = await fetch(url, options);
    if (!answer.ok) return answer;
    const { headers } = answer;
    if (headers.get("content-type").startsWith("application/jwt")) {
      return new Response(await unwrap(await answer.text()), { headers });
    }
    const body = await answer.json();
    if (body.id_token) body.id_token = await unwrap(body.id_token);
    return Response.json(body);
  };
}

const partner = JSON.parse(await next());
const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
if (partner.secret) options[client.customFetch] = unwrapping(partner.secret);
const proof = partner.secret
  ? client.ClientSecretPost(partner.secret)
  : client.PrivateKeyJwt(await imported(partner.signing));
const config = await client.discovery(new URL(partner.issuer), partner.client_id, undefined, proof, options);
if (partner.encryption) client.enableDecryptingResponses(config, undefined, await imported(partner.encryption));

const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
const request = {
  redirect_uri: partner.redirect_uri,
  scope: partner.scope,
  state,
  nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
};
say({ address: client.buildAuthorizationUrl(config, request).href });

const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
const back = new URL(await next());
const tokens = await client.authorizationCodeGrant(config, back, checks);
const claims = tokens.claims();
const shared = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
await client.tokenRevocation(config, tokens.access_token);
const refused = async (attempt) => attempt.then(() => null, (error) => error.error ?? error.cause?.[0]?.parameters.error);
say({
  claims,
  shared,
  revoked: await refused(client.fetchUserInfo(config, tokens.access_token, claims.sub)),
  replayed: await refused(client.authorizationCodeGrant(config, back, checks)),
});
process.exit(0);
