// openid-client, as it comes, told by lines of JSON what to do: it knows the issuer, its own registration, and nothing else
// of the provider than the discovery document. Each line is answered by one line: what it says, or why it refused.
import { createHash, webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
import { compactDecrypt, SignJWT } from "jose";
import * as client from "openid-client";

const NAMES = { EC: { sig: "ECDSA", enc: "ECDH" }, RSA: { sig: "RSASSA-PKCS1-v1_5", enc: "RSA-OAEP" } };
const USES = { ECDSA: ["sign"], "RSASSA-PKCS1-v1_5": ["sign"], ECDH: ["deriveBits"], "RSA-OAEP": ["decrypt", "unwrapKey"] };

/** A private JWK as the kind of key that openid-client takes. */
async function imported({ use, alg, ...jwk }) {
  const name = NAMES[jwk.kty][use];
  const algorithm = { name: alg === "PS256" ? "RSA-PSS" : name, namedCurve: jwk.crv, hash: "SHA-256" };
  return { key: await webcrypto.subtle.importKey("jwk", jwk, algorithm, false, USES[name]), kid: jwk.kid };
}

/** openid-client decrypts with private keys only; a partner with a secret unwraps before the library reads. */
function unwrapping(secret) {
  const key = createHash("sha256").update(secret).digest();
  const unwrap = async (token) => new TextDecoder().decode((await compactDecrypt(token, key)).plaintext);
  return async (url, options) => {
    const answer = await fetch(url, options);
    const { headers, ok } = answer;
    if (ok && headers.get("content-type").startsWith("application/jwt")) {
      return new Response(await unwrap(await answer.text()), { headers });
    }
    if (!ok || !new URL(url).pathname.endsWith("/token")) return answer;
    const body = await answer.json();
    if (body.id_token) body.id_token = await unwrap(body.id_token);
    return Response.json(body);
  };
}

const AUTHENTICATION = {
  client_secret_post: ({ secret }) => client.ClientSecretPost(secret),
  private_key_jwt: async ({ signing }) => client.PrivateKeyJwt(await imported(signing)),
  tls_client_auth: () => client.TlsClientAuth(),
  self_signed_tls_client_auth: () => client.TlsClientAuth(),
};

async function configured(partner) {
  const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
  if (partner.secret) options[client.customFetch] = unwrapping(partner.secret);
  const proof = await AUTHENTICATION[partner.method](partner);
  const config = await client.discovery(new URL(partner.issuer), partner.client_id, partner.metadata, proof, options);
  if (partner.encryption) client.enableDecryptingResponses(config, undefined, await imported(partner.encryption));
  if (partner.jarm) client.useJwtResponseMode(config);
  const DPoP = partner.dpop ? client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256")) : undefined;
  return { partner, config, options: { DPoP } };
}

const WAYS = {
  query: (now, request) => client.buildAuthorizationUrl(now.config, request),
  par: (now, request) => client.buildAuthorizationUrlWithPAR(now.config, request, now.options),
  jar: async (now, request) => client.buildAuthorizationUrlWithJAR(now.config, request, await imported(now.partner.signing)),
  async "par and jar"(now, request) {
    const signed = (await WAYS.jar(now, request)).searchParams.get("request");
    return client.buildAuthorizationUrlWithPAR(now.config, { request: signed }, now.options);
  },
  /** The object stands at an address of the partner's own, where the test puts what it reads from the answer. */
  async request_uri(now, request) {
    now.object = (await WAYS.jar(now, request)).searchParams.get("request");
    return client.buildAuthorizationUrl(now.config, { request_uri: now.partner.request_uri });
  },
};

let now;
const COMMANDS = {
  async begin({ partner, way = "query", request = {} }) {
    now = await configured(partner);
    const verifier = client.randomPKCECodeVerifier();
    now.checks = {
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    };
    const address = await WAYS[way](now, {
      redirect_uri: partner.redirect_uri,
      scope: partner.scope,
      state: now.checks.expectedState,
      nonce: now.checks.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...request,
    });
    return { address: address.href, object: now.object };
  },
  async finish({ back }) {
    const { config, checks, options } = now;
    return COMMANDS.told(await client.authorizationCodeGrant(config, new URL(back), checks, undefined, options));
  },
  async told(tokens) {
    const { config, options } = now;
    const claims = tokens.claims();
    const shared = await client.fetchUserInfo(config, tokens.access_token, claims.sub, options);
    await client.tokenRevocation(config, tokens.access_token);
    const { token_type, authorization_details } = tokens;
    return { claims, shared, token_type, authorization_details };
  },
  async ask({ partner, request }) {
    now = await configured(partner);
    const { key, kid } = await imported(partner.signing);
    const signed = await new SignJWT({ ...request, client_id: partner.client_id, scope: partner.scope })
      .setProtectedHeader({ alg: "ES256", kid, typ: "oauth-authz-req+jwt" })
      .setIssuer(partner.client_id).setAudience(now.config.serverMetadata().issuer)
      .setIssuedAt().setNotBefore("0s").setExpirationTime("1m").setJti(client.randomNonce())
      .sign(key);
    now.asked = await client.initiateBackchannelAuthentication(now.config, { request: signed });
    return now.asked;
  },
  async poll() {
    const { config, asked, options } = now;
    return COMMANDS.told(await client.pollBackchannelAuthenticationGrant(config, asked, undefined, options));
  },
  async credentials({ partner, scope }) {
    const { config, options } = await configured(partner);
    const tokens = await client.clientCredentialsGrant(config, { scope }, options);
    await client.tokenRevocation(config, tokens.access_token);
    return { scope: tokens.scope, token_type: tokens.token_type };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...told } = JSON.parse(line);
  let answer;
  try {
    answer = await COMMANDS[command](told);
  } catch (error) {
    const { code, message, cause } = error;
    answer = { refused: [error.error ?? code ?? error.name, message, cause?.code, cause?.message].filter(Boolean).join(" | ") };
  }
  console.log(JSON.stringify(answer));
}
