// Signing: what an approval seals to signature activation, the one process that can use people's signing keys, and
// what the phone keeps for each signing certificate that was made on it (protocol §5, "Signing").

import { codeProof, padded, randomBytes, sealed, sha256 } from "./crypto.js";
import { b64u, b64uDecode, utf8 } from "./encoding.js";

/** @typedef {import("./crypto.js").ChannelKey} ChannelKey */
/** @typedef {import("./contents.js").Content} Content */

/**
 * What the phone keeps for a certificate that was made here: the salt of its code key, and the key of signature
 * activation that everything for it is sealed to. Who certified it is kept to be shown.
 * @typedef {{ credential: string, salt: string, key: ChannelKey, issuer: string, quality: string }} Signer
 */

/**
 * How a request is sealed to signature activation. `make` when its approval makes the certificate; it has no salt yet.
 * @typedef {{ signer: Signer, make: boolean }} Sealing
 */

const CODE_KEY_INFO = "ipse signing code key v1";
/** Certificates that a phone remembers; only the newest can be alive. */
const KEPT = 8;

/**
 * The code key of one certificate: HKDF-SHA-256 of the five digits under the salt that is kept for it alone.
 * @param {{ code: string, salt: string, credential: string }} of `salt` is base64url
 * @returns {Promise<Uint8Array<ArrayBuffer>>} 32 bytes; the caller wipes them after use
 */
export async function signingCodeKey({ code, salt, credential }) {
  const digits = await crypto.subtle.importKey("raw", utf8(code), "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: b64uDecode(salt), info: utf8(CODE_KEY_INFO + credential) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, digits, 256));
}

/**
 * @param {unknown} given
 * @returns {ChannelKey | null} `null` when it is no P-256 key with a name
 */
export function activationKey(given) {
  if (typeof given !== "object" || given === null) return null;
  const { kty, crv, x, y, kid } = /** @type {Record<string, unknown>} */ (given);
  const texts = [x, y, kid].every((value) => typeof value === "string" && value !== "");
  return texts && kty === "EC" && crv === "P-256" ? /** @type {any} */ ({ kty, crv, x, y, kid }) : null;
}

/**
 * @param {ChannelKey | null} one
 * @param {ChannelKey | null} other
 */
function isSame(one, other) {
  return one !== null && other !== null && one.x === other.x && one.y === other.y && one.kid === other.kid;
}

/**
 * To which key an approval of these contents is sealed. For a certificate that exists it is the one the phone has kept
 * since it was made; for a new one the request's, which must be the one that the scheme publishes to everybody.
 * @param {Content[]} contents
 * @param {{ given: unknown, published: (fresh: boolean) => Promise<unknown>, signers: Signer[] }} known
 * @returns {Promise<Sealing | "activation_key" | "signer_lost" | null>} a word when it cannot be sealed; `null` when
 *   nothing is signed
 */
export async function sealingOf(contents, { given, published, signers }) {
  const creation = contents.find((content) => content.type === "credential");
  if (creation !== undefined) {
    const key = activationKey(given);
    const agreed = isSame(key, activationKey(await published(false))) || isSame(key, activationKey(await published(true)));
    if (key === null || !agreed) return "activation_key";
    const { credential, issuer, quality } = creation;
    return { make: true, signer: { credential, salt: "", key, issuer, quality } };
  }
  const signature = contents.find((content) => content.type === "signature");
  if (signature === undefined) return null;
  const signer = signers.find(({ credential }) => credential === signature.credential);
  return signer === undefined ? "signer_lost" : { make: false, signer };
}

/**
 * What an approval of a signature says and seals besides.
 * @typedef {object} Activating
 * @property {Record<string, string>} members of the message
 * @property {Record<string, string>} kept what is needed once it is answered
 * @property {{ activation?: (jws: string) => Promise<string> }} sealed
 */

/** @type {Activating} */
export const NOTHING_SIGNED = { members: {}, kept: {}, sealed: {} };

/**
 * For a new certificate its code key is sealed, and the digest of that is signed with the approval; for an old one
 * the proof under its code key is. Whatever code was typed, it takes the same steps and has the same size.
 * @param {Sealing} sealing
 * @param {string} code as typed
 * @returns {Promise<Activating>}
 */
export async function activating({ signer: known, make }, code) {
  const signer = make ? { ...known, salt: b64u(randomBytes(32)) } : known;
  const key = await signingCodeKey({ code, ...signer });
  return {
    members: make ? { signing_code_key: b64u(await sha256(key)) } : {},
    kept: make ? { signer: JSON.stringify(signer) } : {},
    sealed: {
      activation: async (jws) => {
        const beside = make ? { code_key: b64u(key) } : { proof: await codeProof(key, jws) };
        key.fill(0);
        return sealed(signer.key, padded({ jws, ...beside, pad: "" }));
      },
    },
  };
}

/**
 * The certificates with the one whose creation has just been approved.
 * @param {Signer[]} signers
 * @param {string | undefined} kept of the message, absent when it made none
 * @returns {Signer[]}
 */
export function withSigner(signers, kept) {
  if (kept === undefined) return signers;
  /** @type {Signer} */
  const made = JSON.parse(kept);
  return [...signers.filter(({ credential }) => credential !== made.credential), made].slice(-KEPT);
}
