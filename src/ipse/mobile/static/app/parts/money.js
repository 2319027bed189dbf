// Amounts and account numbers for eyes: only separators are added, never a digit changed.

/**
 * @param {string} amount decimal text as it was signed: digits, at most one point
 * @param {string} locale
 * @returns {string} the same digits with the separators of the language
 */
export function amountWords(amount, locale) {
  const [whole = "", decimals] = amount.split(".");
  const { group, point } = separators(locale);
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, group);
  return decimals === undefined ? grouped : `${grouped}${point}${decimals}`;
}

/**
 * @param {string} locale
 * @returns {{ group: string, point: string }}
 */
function separators(locale) {
  const parts = new Intl.NumberFormat(locale, { minimumFractionDigits: 1 }).formatToParts(1_234_567.5);
  const group = parts.find(({ type }) => type === "group")?.value ?? "";
  const point = parts.find(({ type }) => type === "decimal")?.value ?? ".";
  // A space between digits must not break the line.
  return { group: group.trim() === "" && group !== "" ? "\u202f" : group, point };
}

/**
 * @param {string} iban
 * @returns {string} in groups of four, as on paper (ISO 13616)
 */
export function ibanWords(iban) {
  return iban.replaceAll(/\s/g, "").replaceAll(/(.{4})(?=.)/g, "$1 ");
}

/**
 * @param {string} currency ISO 4217
 * @param {string} language
 * @returns {string} its name, for those who hear it; the code itself where the browser knows no name
 */
export function currencyName(currency, language) {
  return new Intl.DisplayNames([language], { type: "currency" }).of(currency) ?? currency;
}
