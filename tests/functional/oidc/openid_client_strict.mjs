// A relying party made with openid-client, as it comes, that pushes its request and binds its tokens to a key (DPoP).
// Reads the partner as a line of JSON and says where to send the browser; reads where the browser came back, and says
// what it was told.
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
import * as client from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value;
const say = (value) => console.log(JSON.stringify(value));

/** A private EC JWK as the kind of key that openid-client takes. */
async function imported({ use, ...jwk }) {
  const algorithm = { name: use === "sig" ? "ECDSA" : "ECDH", namedCurve: jwk.crv };
  const key = await webcrypto.subtle.importKey("jwk", jwk, algorithm, false, [use === "sig" ? "sign" : "deriveBits"]);
  return { key, kid: jwk.kid };
}

const partner = JSON.parse(await next());
const proof = client.PrivateKeyJwt(await imported(partner.signing));
const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
const config = await client.discovery(new URL(partner.issuer), partner.client_id, undefined, proof, options);
client.enableDecryptingResponses(config, undefined, await imported(partner.encryption));
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair(partner.alg), undefined);

const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
const request = {
  redirect_uri: partner.redirect_uri,
  scope: partner.scope,
  state,
  nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
};
say({ address: (await client.buildAuthorizationUrlWithPAR(config, request, { DPoP })).href });

const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
const tokens = await client.authorizationCodeGrant(config, new URL(await next()), checks, undefined, { DPoP });
const claims = tokens.claims();
const shared = await client.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP });
const picture = new URL(`${partner.issuer}/picture`);
const resource = await client.fetchProtectedResource(config, tokens.access_token, picture, "GET", undefined, undefined, {
  DPoP,
});
const stolen = await fetch(config.serverMetadata().userinfo_endpoint, {
  headers: { authorization: `Bearer ${tokens.access_token}` },
});
say({
  claims,
  shared,
  type: tokens.token_type,
  seconds: tokens.expires_in,
  picture: [resource.status, resource.headers.get("content-type")],
  stolen: stolen.status,
});
process.exit(0);
