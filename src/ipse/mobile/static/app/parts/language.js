// The four languages. Every message has an id; the English catalogue is the list of ids, and a test keeps the other
// three complete.

/** @typedef {keyof typeof import("../messages/en.json")} MessageId */
/** @typedef {Record<string, string>} Catalogue */
/** @typedef {(id: MessageId, values?: Record<string, string | number>) => string} Translate */

export const LANGUAGES = /** @type {const} */ (["nl", "fr", "de", "en"]);
/** @typedef {typeof LANGUAGES[number]} Language */

/** Each language in itself, as everybody looks for their own. */
export const LANGUAGE_NAMES = { nl: "Nederlands", fr: "Français", de: "Deutsch", en: "English" };

/** How dates and numbers are written; English as Europeans write it. */
export const LOCALES = { nl: "nl-BE", fr: "fr-BE", de: "de-DE", en: "en-GB" };

/**
 * @param {readonly (string | null)[]} wishes best first, e.g. `navigator.languages`
 * @returns {Language}
 */
export function chooseLanguage(wishes) {
  for (const wish of wishes) {
    const primary = wish?.slice(0, 2).toLowerCase();
    const language = LANGUAGES.find((known) => known === primary);
    if (language !== undefined) return language;
  }
  return "en";
}

/**
 * @param {Catalogue} catalogue
 * @returns {Translate} an unknown id comes back as itself
 */
export function translator(catalogue) {
  return (id, values = {}) =>
    (catalogue[id] ?? id).replaceAll(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * @param {Language} language
 * @returns {Promise<Catalogue>}
 */
export async function loadCatalogue(language) {
  const response = await fetch(`/messages/${language}.json`);
  if (!response.ok) throw new TypeError(`no messages in ${language}`);
  return response.json();
}
