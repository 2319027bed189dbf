// The little markup that a text to confirm may have: b, i, u and br. It is read here and becomes elements; everything
// else is text, seen as it is written.

/** @typedef {{ text: string, styles: ("b" | "i" | "u")[] } | "br"} Run */

const TAG = /<(\/?)(b|i|u|br)\s*\/?>/gi;

/**
 * @param {string} source
 * @returns {Run[]} pieces of text with the styles that apply, and line breaks between them
 */
export function markupRuns(source) {
  /** @type {Run[]} */
  const runs = [];
  /** @type {("b" | "i" | "u")[]} */
  let styles = [];
  let from = 0;

  /** @param {string} text */
  const add = (text) => {
    if (text !== "") runs.push({ text, styles: [...styles] });
  };
  for (const match of source.matchAll(TAG)) {
    add(source.slice(from, match.index));
    from = match.index + match[0].length;
    const tag = (match[2] ?? "").toLowerCase();
    if (tag === "br") {
      runs.push("br");
      continue;
    }
    const style = /** @type {"b" | "i" | "u"} */ (tag);
    styles = styles.filter((open) => open !== style);
    if (match[1] === "") styles.push(style);
  }
  add(source.slice(from));
  return runs;
}

/**
 * @param {string} source
 * @returns {string} the first line of it without markup
 */
export function firstLine(source) {
  const runs = markupRuns(source);
  const text = runs.map((run) => (run === "br" ? "\n" : run.text)).join("");
  return text.trim().split(/\r?\n/)[0]?.trim() ?? "";
}
