// Documents that the scheme holds, opened before they are signed. Pictures of the pages are the scheme's word; of the
// file itself this phone computes the digest, and hands on no other file than the one whose digest was shown.

import { sha256 } from "./crypto.js";
import { b64u } from "./encoding.js";
import { Problem } from "./problems.js";

/** @typedef {import("./phone.js").Phone} Phone */

/** A document opened for a while. @typedef {{ pages: number, type: string, token: string }} Paper */

/**
 * @param {Phone} phone
 * @param {{ action: string, document: string }} which of a request that this phone has taken
 * @returns {Promise<Paper>}
 */
export async function openPaper(phone, { action, document }) {
  const answer = await phone.say({ type: "document", path: "/documents", kept: { action }, members: () => ({ action, document }) });
  return { pages: Number(answer["pages"]), type: String(answer["media_type"]), token: String(answer["token"]) };
}

/**
 * @param {Phone} phone
 * @param {Paper} paper
 * @param {number} number from 1
 * @returns {Promise<Blob>} a picture
 */
export async function pagePicture(phone, { token }, number) {
  const octets = await phone.octets(`/documents/pages/${number}`, token);
  return new Blob([octets], { type: "image/png" });
}

/**
 * The file itself.
 * @param {Phone} phone
 * @param {Paper} paper
 * @param {string} digest base64url SHA-256, as it was shown
 * @returns {Promise<Blob>}
 * @throws {Problem} `other_file` when it is not the file that was shown
 */
export async function checkedFile(phone, { token, type }, digest) {
  const octets = await phone.octets("/documents/file", token);
  if (b64u(await sha256(octets)) !== digest) throw new Problem({ code: "other_file" });
  // Nothing but a PDF is handed to a viewer by its own type: the rest is only ever saved.
  return new Blob([octets], { type: type === "application/pdf" ? type : "application/octet-stream" });
}
