// What opens the app: a frame of the moving QR, an app link, the return from a registrar. All are fragments of an
// address of this app, so that no server ever sees them in a request line.

/** @typedef {{ kind: "frame" | "link" | "move" | "return" | "ended", value: string }} Start */

/** @type {Record<string, Start["kind"]>} */
const KINDS = { f: "frame", l: "link", m: "move", return: "return", ended: "ended" };

/**
 * @param {string} fragment with or without `#`
 * @returns {Start | null}
 */
export function startOfFragment(fragment) {
  const match = /^#?(f|l|m|return|ended)=([A-Za-z0-9._~-]{1,512})$/.exec(fragment);
  const kind = match?.[1] === undefined ? undefined : KINDS[match[1]];
  return kind === undefined ? null : { kind, value: match?.[2] ?? "" };
}

/**
 * Reads a scanned or pasted address. Only addresses of this app count: a QR of anybody else opens nothing.
 * @param {string} content
 * @param {readonly string[]} origins the origins this app is known by
 * @returns {Start | null}
 */
export function startOfAddress(content, origins) {
  const trimmed = content.trim();
  if (!URL.canParse(trimmed)) return null;
  const url = new URL(trimmed);
  const start = origins.includes(url.origin) ? startOfFragment(url.hash) : null;
  return start !== null && ["frame", "link", "move"].includes(start.kind) ? start : null;
}
