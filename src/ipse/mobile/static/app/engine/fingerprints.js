// Fingerprint or face: a platform credential (WebAuthn) in place of the code. What is remembered here are ids alone;
// the keys are the phone's, and its sensor opens them.

import { b64u, b64uDecode, utf8 } from "./encoding.js";
import { randomBytes, sha256 } from "./crypto.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {{ credential: string, label: string, created_at: number, used_at: number | null }} Fingerprint */

/** Milliseconds to put a finger on the sensor. */
const PATIENCE = 60_000;

/** The person cancelled, or the sensor did not know them: nothing was sent. */
export class NotRecognised extends Error {}

/** @returns {Promise<boolean>} whether this phone has a sensor, or asks for its screen lock, and the browser lets us */
export async function hasSensor() {
  try {
    return await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
  } catch {
    return false;
  }
}

/**
 * @param {Phone} phone
 * @returns {Promise<Fingerprint[]>}
 */
export async function fingerprints(phone) {
  const answer = await phone.say({ type: "fingerprints", path: "/fingerprints", members: () => ({}) });
  return /** @type {Fingerprint[]} */ (answer["fingerprints"]);
}

/**
 * Adds one: the sensor is asked under the newest challenge, while no other message can come in between.
 * @param {Phone} phone
 * @param {{ code: string, name: string }} wish `name` of the scheme
 * @throws {NotRecognised}
 */
export async function addFingerprint(phone, { code, name }) {
  const known = (await fingerprints(phone)).map(({ credential }) => credential);
  /** @type {Record<string, string>} */
  const kept = {};
  await phone.say({
    type: "add-fingerprint",
    path: "/fingerprints/add",
    seal: true,
    code,
    kept,
    members: async (record) => {
      const challenge = record.challenge?.value ?? "";
      const credential = await created(challenge, name, known);
      kept["credential"] = credential.id;
      return { challenge, code_key_id: record.codeKey, credential };
    },
  });
}

/**
 * @param {Phone} phone
 * @param {string} credential its id
 */
export async function removeFingerprint(phone, credential) {
  const members = () => ({ credential });
  await phone.say({ type: "remove-fingerprint", path: "/fingerprints/remove", kept: { credential }, members });
}

/**
 * @param {string} challenge base64url
 * @param {string} name
 * @param {string[]} known ids that this phone has already
 */
async function created(challenge, name, known) {
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { id: location.hostname, name },
        user: { id: randomBytes(16), name, displayName: name },
        challenge: b64uDecode(challenge),
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        authenticatorSelection: {
          authenticatorAttachment: "platform",
          userVerification: "required",
          residentKey: "discouraged",
        },
        attestation: "none",
        excludeCredentials: known.map(described),
        timeout: PATIENCE,
      },
    }),
  );
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {
    id: b64u(made.rawId),
    client_data: b64u(response.clientDataJSON),
    attestation: b64u(response.attestationObject),
  };
}

/**
 * The sensor's word for a signed message: its challenge is the SHA-256 of the whole of it.
 * @param {string} jws
 * @param {string[]} known ids of this phone's credentials
 * @throws {NotRecognised}
 */
export async function pressed(jws, known) {
  const challenge = await sha256(utf8(jws));
  const found = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        rpId: location.hostname,
        challenge,
        allowCredentials: known.map(described),
        userVerification: "required",
        timeout: PATIENCE,
      },
    }),
  );
  const response = /** @type {AuthenticatorAssertionResponse} */ (found.response);
  return {
    id: b64u(found.rawId),
    client_data: b64u(response.clientDataJSON),
    authenticator_data: b64u(response.authenticatorData),
    signature: b64u(response.signature),
  };
}

/**
 * @param {string} id
 * @returns {PublicKeyCredentialDescriptor}
 */
function described(id) {
  return { type: "public-key", id: b64uDecode(id), transports: ["internal"] };
}

/**
 * @param {() => Promise<Credential | null>} ask
 * @returns {Promise<PublicKeyCredential>}
 */
async function asked(ask) {
  try {
    const found = await ask();
    if (found !== null) return /** @type {PublicKeyCredential} */ (found);
  } catch (error) {
    throw new NotRecognised(String(error instanceof Error ? error.name : error));
  }
  throw new NotRecognised("nothing");
}
