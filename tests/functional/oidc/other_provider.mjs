// oidc-provider, as it comes from npm, with the registrations it is given as a line of JSON. Whoever comes to its login is
// logged in and consents at once, so that requests are all that is compared.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { exportJWK, generateKeyPair } from "jose";

console.info = console.warn = () => {};
const { Provider } = await import("oidc-provider");

const told = JSON.parse((await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()).value);
const keys = await Promise.all(
  ["ES256", "RS256"].map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: alg };
  }),
);
const provider = new Provider(told.issuer, {
  clients: told.clients,
  jwks: { keys },
  scopes: told.scopes,
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  cookies: { keys: ["one", "two"] },
  pkce: { required: () => false },
  allowOmittingSingleRegisteredRedirectUri: false,
  conformIdTokenClaims: true,
  clientAuthMethods: ["private_key_jwt", "client_secret_post"],
  features: {
    devInteractions: { enabled: false },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true },
    jwtResponseModes: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 1), requireNonce: () => true },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope(told.scopes.join(" "));
    await grant.save();
    return grant;
  },
  renderError(ctx, out) {
    ctx.type = "json";
    ctx.body = out;
  },
});
provider.on("server_error", (_, error) => console.error(error));
const handle = provider.callback();
createServer(async (request, answer) => {
  if (!request.url.startsWith("/interaction/")) return handle(request, answer);
  try {
    await provider.interactionFinished(request, answer, { login: { accountId: "somebody" } });
  } catch (error) {
    answer.writeHead(500).end(String(error));
  }
}).listen(told.port, "127.0.0.1", () => console.log("ready"));
process.stdin.on("end", () => process.exit(0));
