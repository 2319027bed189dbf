// Phone numbers as the protocol writes them: `+32 485694175`, country code, a space, national digits.

/** Calling codes (ITU-T E.164) of the countries whose people this scheme knows. */
export const DIAL_CODES = {
  AT: "43",
  BE: "32",
  BG: "359",
  CY: "357",
  CZ: "420",
  DE: "49",
  DK: "45",
  EE: "372",
  ES: "34",
  FI: "358",
  FR: "33",
  GB: "44",
  GR: "30",
  HR: "385",
  HU: "36",
  IE: "353",
  IS: "354",
  IT: "39",
  LT: "370",
  LU: "352",
  LV: "371",
  MD: "373",
  MT: "356",
  NL: "31",
  NO: "47",
  PL: "48",
  PT: "351",
  RO: "40",
  RS: "381",
  SE: "46",
  SI: "386",
  SK: "421",
};

/** Where the leading zero belongs to the national number itself, or where there is no trunk prefix. */
const KEEPS_ZERO = new Set(["39"]);

/**
 * @param {string} country ISO 3166-1 alpha-2, chosen beside the field
 * @param {string} written as people write it: with spaces, dots, a leading zero, or with `+32` and all
 * @returns {string | null} `null` when it cannot be a phone number
 */
export function readPhoneNumber(country, written) {
  const compact = written.replaceAll(/[\s()./\u2010-\u2015-]/g, "").replace(/^00/, "+");
  if (!/^\+?[0-9]+$/.test(compact)) return null;
  const dial = compact.startsWith("+")
    ? Object.values(DIAL_CODES).find((code) => compact.startsWith(`+${code}`))
    : Object.entries(DIAL_CODES).find(([code]) => code === country)?.[1];
  if (dial === undefined) return null;
  const rest = compact.startsWith("+") ? compact.slice(1 + dial.length) : compact;
  const national = KEEPS_ZERO.has(dial) ? rest : rest.replace(/^0/, "");
  return /^[0-9]{6,12}$/.test(national) ? `+${dial} ${national}` : null;
}
