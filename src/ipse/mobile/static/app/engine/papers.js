// Documents that the scheme holds, opened before they are signed. Pictures of the pages are the scheme's word; of the
// file itself this phone computes the digest, and hands on no other file than the one whose digest was shown.

import { sha256 } from "./crypto.js";
import { b64u } from "./encoding.js";
import { Problem } from "./problems.js";

/** @typedef {import("./phone.js").Phone} Phone */

/** A document opened for a while. @typedef {{ pages: number, type: string, token: string }} Paper */

/**
 * A document of a request that this phone has taken. It is opened when it is needed, and again when its token is too
 * old or an earlier try has failed.
 */
export class OpenedDocument {
  #phone;
  #which;
  /** @type {Promise<Paper> | null} */
  #paper = null;

  /**
   * @param {Phone} phone
   * @param {{ action: string, document: string }} which
   */
  constructor(phone, which) {
    this.#phone = phone;
    this.#which = which;
  }

  /** @returns {Promise<number>} of how many pages there are pictures */
  async pages() {
    return (await this.#opened()).pages;
  }

  /**
   * @param {number} number from 1
   * @returns {Promise<Blob>} a picture
   */
  async page(number) {
    const { octets } = await this.#got(`/documents/pages/${number}`);
    return new Blob([octets], { type: "image/png" });
  }

  /**
   * The file itself.
   * @param {string} digest base64url SHA-256, as it was shown
   * @returns {Promise<Blob>}
   * @throws {Problem} `other_file` when it is not the file that was shown
   */
  async file(digest) {
    const { octets, type } = await this.#got("/documents/file");
    if (b64u(await sha256(octets)) !== digest) throw new Problem({ code: "other_file" });
    // Nothing but a PDF is handed on under its own type: the rest is only ever saved.
    return new Blob([octets], { type: type === "application/pdf" ? type : "application/octet-stream" });
  }

  /**
   * @param {string} path
   * @returns {Promise<{ octets: Uint8Array<ArrayBuffer>, type: string }>}
   */
  async #got(path) {
    const opening = this.#opened();
    const { token, type } = await opening;
    try {
      return { octets: await this.#phone.octets(path, token), type };
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "document_token_refused") throw error;
      if (this.#paper === opening) this.#paper = null;
      const again = await this.#opened();
      return { octets: await this.#phone.octets(path, again.token), type: again.type };
    }
  }

  #opened() {
    if (this.#paper === null) {
      const opening = openPaper(this.#phone, this.#which);
      opening.catch(() => (this.#paper = this.#paper === opening ? null : this.#paper));
      this.#paper = opening;
    }
    return this.#paper;
  }
}

/**
 * @param {Phone} phone
 * @param {{ action: string, document: string }} which
 * @returns {Promise<Paper>}
 */
async function openPaper(phone, { action, document }) {
  const answer = await phone.say({
    type: "document",
    path: "/documents",
    kept: { action },
    members: () => ({ action, document }),
  });
  return { pages: Number(answer["pages"]), type: String(answer["media_type"]), token: String(answer["token"]) };
}
