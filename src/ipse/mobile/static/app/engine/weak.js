// Codes that people choose first are the codes that thieves try first. The phone refuses them before anything is
// sent; the server cannot know the code. The rules and their test list: tests/vectors/README.md.

/** @typedef {{ birthdate?: string, phone_number?: string }} CodeContext */

/**
 * @param {string} code
 * @param {CodeContext} [context] what the phone knows of its person
 * @returns {boolean}
 */
export function isWeak(code, context = {}) {
  if (!/^[0-9]{5}$/.test(code)) return true;
  return isRun(code) || hasRepeatedPair(code) || isPalindromeOfTwo(code) || hasYear(code) || isPersonal(code, context);
}

/** @param {string} code */
function isRun(code) {
  const digits = Array.from(code, Number);
  const steps = new Set(digits.slice(1).map((digit, at) => (digit - (digits[at] ?? 0) + 10) % 10));
  const step = steps.values().next().value;
  return steps.size === 1 && (step === 0 || step === 1 || step === 9);
}

/** @param {string} code */
function hasRepeatedPair(code) {
  return code.slice(0, 2) === code.slice(2, 4) || code.slice(1, 3) === code.slice(3, 5);
}

/** @param {string} code */
function isPalindromeOfTwo(code) {
  return new Set(code).size <= 2 && code[0] === code[4] && code[1] === code[3];
}

/** @param {string} code */
function hasYear(code) {
  return /^(19|20)|^.(19|20)/.test(code);
}

/**
 * @param {string} code
 * @param {CodeContext} context
 */
function isPersonal(code, { birthdate, phone_number: phoneNumber }) {
  const [year = "", month = "", day = ""] = birthdate?.split("-") ?? [];
  const parts = birthdate ? [day + month, year] : [];
  if (parts.some((part) => code.startsWith(part) || code.endsWith(part))) return true;
  const number = phoneNumber?.replaceAll(/[^0-9]/g, "") ?? "";
  return number.length >= 5 && number.endsWith(code);
}
