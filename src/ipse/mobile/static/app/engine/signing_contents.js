// What a person is asked to sign, and the certificate that is made for it: read from the shown bytes and judged like
// every other content. Whatever is unknown, too long, too many or does not fit together is strange.

/**
 * @typedef {object} Credential
 * @property {"credential"} type
 * @property {"RSA-2048" | "P-256"} algorithm
 * @property {string} issuer
 * @property {"test" | "advanced" | "qualified"} quality
 * @property {number} valid_seconds
 * @property {string} credential its identifier
 * @property {string} common_name
 * @property {string} given_name
 * @property {string} surname
 * @property {string} country
 * @property {string} serial_number
 */

/** @typedef {{ label: string, digest: string, file_digest: string, document: string }} SignatureDocument */

/**
 * @typedef {object} Signature
 * @property {"signature"} type
 * @property {SignatureDocument[]} documents
 * @property {"SHA-256" | "SHA-384" | "SHA-512"} hash_algorithm
 * @property {string} sign_algorithm
 * @property {string} credential with which
 * @property {number} expires_at unix seconds
 * @property {string} description
 * @property {string} role
 * @property {string} commitment
 * @property {string} policy
 */

export const MOST_DOCUMENTS = 70;

/** Length in bytes. */
const HASHES = { "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };
/** @type {Record<string, [string, keyof typeof HASHES]>} */
const ALGORITHMS = {
  "1.2.840.113549.1.1.11": ["RSA-2048", "SHA-256"],
  "1.2.840.113549.1.1.12": ["RSA-2048", "SHA-384"],
  "1.2.840.113549.1.1.13": ["RSA-2048", "SHA-512"],
  "1.2.840.10045.4.3.2": ["P-256", "SHA-256"],
  "1.2.840.10045.4.3.3": ["P-256", "SHA-384"],
  "1.2.840.10045.4.3.4": ["P-256", "SHA-512"],
};
const IDENTIFIER = /^[A-Za-z0-9_-]{1,64}$/;
const OID = /^[0-2](\.[0-9]{1,40}){1,30}$/;
const NAME = 200;

// Characters that are not seen, or that change what their neighbours look like: controls but tab and line ends, and
// those that turn the direction of writing.
export const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** @typedef {(value: unknown) => boolean} Rule */

/** @param {number} most @param {number} [least] @returns {Rule} */
const text = (most, least = 0) => (value) =>
  typeof value === "string" &&
  !UNSEEN.test(value) &&
  Array.from(value).length <= most &&
  Array.from(value.trim()).length >= least;
/** A text of one line. @param {number} most @param {number} [least] @returns {Rule} */
const line = (most, least = 0) => (value) => text(most, least)(value) && !/[\t\r\n\u2028\u2029]/.test(String(value));
/** @param {RegExp} pattern @returns {Rule} */
const like = (pattern) => (value) => typeof value === "string" && pattern.test(value);
/** @param {RegExp} pattern @returns {Rule} */
const likeOrEmpty = (pattern) => (value) => value === "" || like(pattern)(value);
/** @param {readonly string[]} words @returns {Rule} */
const oneOf = (words) => (value) => typeof value === "string" && words.includes(value);
/** @type {Rule} */
const count = (value) => Number.isSafeInteger(value) && Number(value) > 0;
/** @type {Rule} */
const never = () => false;
/** @param {number} bytes @returns {Rule} */
const digest = (bytes) => like(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((bytes * 4) / 3)}}$`));

/** @type {Record<string, Rule>} */
const CREDENTIAL = {
  algorithm: oneOf(["RSA-2048", "P-256"]),
  issuer: line(NAME, 1),
  quality: oneOf(["test", "advanced", "qualified"]),
  valid_seconds: count,
  credential: like(IDENTIFIER),
  common_name: line(NAME, 1),
  given_name: line(NAME),
  surname: line(NAME),
  country: likeOrEmpty(/^[A-Z]{2}$/),
  serial_number: line(64),
};
/** @type {Record<string, Rule>} */
const SIGNATURE = {
  documents: (value) => Array.isArray(value) && value.length > 0 && value.length <= MOST_DOCUMENTS,
  hash_algorithm: oneOf(Object.keys(HASHES)),
  sign_algorithm: oneOf(Object.keys(ALGORITHMS)),
  credential: like(IDENTIFIER),
  expires_at: count,
  description: text(500),
  role: line(100),
  commitment: likeOrEmpty(OID),
  policy: likeOrEmpty(OID),
};

/**
 * The members of a document by their rules; what may be absent is then an empty text.
 * @param {unknown} given
 * @param {Record<string, Rule>} rules
 * @param {string[]} [more] names of members that were read already
 * @returns {Record<string, unknown> | null}
 */
function read(given, rules, more = []) {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return null;
  const found = /** @type {Record<string, unknown>} */ (given);
  if (Object.keys(found).some((name) => !Object.hasOwn(rules, name) && !more.includes(name))) return null;
  /** @type {Record<string, unknown>} */
  const content = {};
  for (const [name, holds] of Object.entries(rules)) {
    const value = Object.hasOwn(found, name) ? found[name] : "";
    if (!holds(value)) return null;
    content[name] = value;
  }
  return content;
}

/**
 * @param {unknown} given
 * @returns {Credential | null}
 */
export function asCredential(given) {
  const content = read(given, CREDENTIAL, ["type"]);
  return content === null ? null : /** @type {any} */ ({ type: "credential", ...content });
}

/**
 * @param {unknown} given
 * @returns {Signature | null}
 */
export function asSignature(given) {
  const content = /** @type {any} */ (read(given, SIGNATURE, ["type"]));
  if (content === null) return null;
  const [, hash] = ALGORITHMS[content.sign_algorithm] ?? [];
  if (hash === undefined || hash !== content.hash_algorithm) return null;
  const documents = content.documents.map((/** @type {unknown} */ one) => asDocument(one, HASHES[hash]));
  return documents.includes(null) ? null : { type: "signature", ...content, documents };
}

/**
 * @param {unknown} given
 * @param {number} bytes of the digest that is signed
 */
function asDocument(given, bytes) {
  const fileDigest = digest(HASHES["SHA-256"]);
  const content = read(given, {
    label: line(255, 1),
    digest: digest(bytes),
    file_digest: (value) => value === "" || fileDigest(value),
    document: likeOrEmpty(IDENTIFIER),
  });
  // A file that can be opened here must be the one that is signed.
  return content === null || (content["document"] !== "" && content["file_digest"] === "") ? null : content;
}

/**
 * What the history keeps of a certificate that was made, or of what was signed: the names, not the digests.
 * @param {unknown} given
 * @returns {Credential | Signature | null}
 */
export function asPastSigning(given) {
  const { type } = /** @type {Record<string, unknown>} */ (typeof given === "object" && given !== null ? given : {});
  if (type === "credential") {
    const { issuer = never, quality = never, valid_seconds = never } = CREDENTIAL;
    const content = read(given, { issuer, quality, valid_seconds }, ["type"]);
    return content === null ? null : /** @type {any} */ ({ ...EMPTY_CREDENTIAL, ...content });
  }
  if (type !== "signature") return null;
  const { description = never, role = never, commitment = never, documents = never } = SIGNATURE;
  const content = read(given, { labels: documents, count, description, role, commitment }, ["type"]);
  const labels = /** @type {unknown[]} */ (content?.["labels"] ?? []);
  if (content === null || content["count"] !== labels.length || !labels.every(line(255, 1))) return null;
  const named = labels.map((label) => ({ label, digest: "", file_digest: "", document: "" }));
  return /** @type {any} */ ({ ...EMPTY_SIGNATURE, ...content, documents: named });
}

const EMPTY_CREDENTIAL = {
  type: "credential",
  algorithm: "",
  credential: "",
  common_name: "",
  given_name: "",
  surname: "",
  country: "",
  serial_number: "",
};
const EMPTY_SIGNATURE = { type: "signature", hash_algorithm: "", sign_algorithm: "", credential: "", expires_at: 0, policy: "" };

/** Kinds of requests that may ask for signatures. */
const KINDS = ["signing", "identification"];

/**
 * Whether what is asked to be signed is whole, by itself, and made with one certificate.
 * @param {string} kind of the request
 * @param {readonly { type: string }[]} contents each understood by itself
 * @returns {string | null} what is strange about it
 */
export function strangeSigning(kind, contents) {
  const types = contents.map(({ type }) => type);
  const signs = types.includes("credential") || types.includes("signature");
  if (!signs) return kind === "signing" ? "confirms" : null;
  if (!KINDS.includes(kind) || !["credential", "signature", "credential,signature"].includes(types.join())) return "confirms";
  const creation = /** @type {Credential | undefined} */ (contents.find(({ type }) => type === "credential"));
  const signature = /** @type {Signature | undefined} */ (contents.find(({ type }) => type === "signature"));
  if (creation === undefined || signature === undefined) return null;
  const [algorithm] = ALGORITHMS[signature.sign_algorithm] ?? [];
  return signature.credential === creation.credential && algorithm === creation.algorithm ? null : "signature";
}
