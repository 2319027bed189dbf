// The browsers that this person has trusted: there the phone number may start a request.

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {{ browser: string, name: string, place: string, since: number, used: number, until: number }} KnownBrowser */

/**
 * @param {Phone} phone
 * @returns {Promise<KnownBrowser[]>}
 */
export async function knownBrowsers(phone) {
  const answer = await phone.say({ type: "browsers", path: "/browsers", members: () => ({}) });
  return /** @type {KnownBrowser[]} */ (answer["browsers"]);
}

/**
 * @param {Phone} phone
 * @param {string} browser its id
 */
export async function forgetBrowser(phone, browser) {
  await phone.say({ type: "forget-browser", path: "/browsers/forget", members: () => ({ browser }) });
}
