// What the phone remembers: one record, changed as a whole in one durable IndexedDB transaction. The private key in
// it is a CryptoKey that cannot be exported. The code and the code key are never in it.

/** @typedef {import("./crypto.js").PublicKey} PublicKey */
/** @typedef {import("./weak.js").CodeContext} CodeContext */
/** @typedef {{ state: "pending" | "active" | "waiting" | "blocked" | "archived", why: string | null }} Account */
/** @typedef {{ name: string, value: unknown }} Received */

/**
 * A message on its way: stored before it is sent, sent again byte for byte until it is answered.
 * @typedef {object} Pending
 * @property {string} type
 * @property {string} path
 * @property {string} body
 * @property {Record<string, string>} kept what is needed to act on the answer
 */

/**
 * An activation on its way.
 * @typedef {object} Enrolment
 * @property {string} id
 * @property {string} startUrl
 * @property {number} expiresAt unix seconds
 * @property {string} registrar its id
 * @property {string} registrarName
 * @property {Received[]} received empty until the registrar's answer was presented
 * @property {boolean} numberVerified
 * @property {{ address: string, code: string }} [card] by eID card: what to type at another computer, and where
 * @property {string} [code] what a new phone shows to the old one; then `id` is the pairing's
 */

/**
 * @typedef {object} PhoneRecord
 * @property {string} base address of the scheme, without path
 * @property {CryptoKey} privateKey
 * @property {PublicKey} publicKey
 * @property {string} phone its id; empty until the scheme gave one
 * @property {string} chain
 * @property {"new" | "enrolling" | "received" | "pairing" | "living" | "stopped"} stage
 * @property {string | null} stopped why, once it is
 * @property {Account | null} account
 * @property {string} name of the person, as the scheme calls them
 * @property {string} phoneNumber
 * @property {string | null} codeKey id of the current code key
 * @property {string | null} [spare] id of the second slot; absent on phones from before there were two
 * @property {Record<string, string>} salts base64url, by code key id
 * @property {{ value: string, action: string | null } | null} challenge the newest, and the request it belongs to
 * @property {Pending | null} pending
 * @property {Enrolment | null} enrolment
 * @property {string} [change] a change of the number on its way
 * @property {boolean} [otherWays] whether other ways are prepared, or the person wants no invitation to do so
 * @property {string} [renewal] a renewal of the evidence on its way
 * @property {string[]} [fingers] ids of the credentials that approve in place of the code; worth nothing without the
 *   sensor
 * @property {import("./signing.js").Signer[]} [signers] of the signing certificates that were made here, newest last
 * @property {string} [waking] where the scheme was told to wake this phone
 * @property {CodeContext} codeContext
 */

/**
 * Where the record lives.
 * @typedef {object} Store
 * @property {() => Promise<PhoneRecord | null>} read
 * @property {(change: (record: PhoneRecord | null) => PhoneRecord | null) => Promise<PhoneRecord | null>} change
 *   reads, changes and writes in one transaction; `null` removes
 */

const DATABASE = "ipse";
const TABLE = "phone";
const ONLY = "record";

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function outcome(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
async function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
  return outcome(request);
}

/**
 * What outlives the record: the language chosen here, and what is known of this installation of the app.
 * @typedef {object} Lasting
 * @property {() => Promise<string | null>} language
 * @property {(language: string) => Promise<void>} keepLanguage
 * @property {() => Promise<import("./device.js").Installation | null>} installation
 * @property {(installation: import("./device.js").Installation) => Promise<void>} keepInstallation
 */

/**
 * The record in this browser's IndexedDB.
 * @returns {Store & Lasting}
 */
export function browserStore() {
  const opened = open();

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(table: IDBObjectStore) => Promise<T>} work
   * @returns {Promise<T>} once the transaction is on disk
   */
  async function transaction(mode, work) {
    // "strict": a message must be on disk before it is sent, or a crash would make two copies of this phone.
    const running = (await opened).transaction(TABLE, mode, { durability: "strict" });
    const finished = new Promise((resolve, reject) => {
      running.oncomplete = () => resolve(undefined);
      running.onabort = () => reject(running.error ?? new Error("the phone's storage refused"));
    });
    finished.catch(() => undefined); // when the work itself fails, that failure is the one to report
    const result = await work(running.objectStore(TABLE));
    await finished;
    return result;
  }

  return {
    read: () => transaction("readonly", async (table) => (await outcome(table.get(ONLY))) ?? null),
    change: (change) =>
      transaction("readwrite", async (table) => {
        const after = change((await outcome(table.get(ONLY))) ?? null);
        await (after === null ? outcome(table.delete(ONLY)) : outcome(table.put(after, ONLY)));
        return after;
      }),
    language: () => transaction("readonly", async (table) => (await outcome(table.get("language"))) ?? null),
    keepLanguage: (language) =>
      transaction("readwrite", async (table) => {
        await outcome(table.put(language, "language"));
      }),
    installation: () => transaction("readonly", async (table) => (await outcome(table.get("installation"))) ?? null),
    keepInstallation: (installation) =>
      transaction("readwrite", async (table) => {
        await outcome(table.put(installation, "installation"));
      }),
  };
}
