// The card's page without the phone: the browser's Web eID lets the card sign, the page hands it in.

import { ask, wordFor } from "../enrolment/web_eid.js";

const page = /** @type {HTMLElement} */ (document.getElementById("card"));
const act = /** @type {HTMLButtonElement} */ (document.getElementById("use-card"));
const problem = /** @type {HTMLElement} */ (document.getElementById("card-problem"));
const status = /** @type {HTMLElement} */ (document.getElementById("card-status"));
const data = /** @type {Record<string, string | undefined>} */ (page.dataset);

/** @param {string} name as in `no_card` */
function words(name) {
  /** @param {string} key */
  const text = (key) => data[`why${key.replace(/(^|_)([a-z])/g, (_, _gap, letter) => letter.toUpperCase())}`];
  return text(name) ?? text("other") ?? "";
}

/** @param {string} why */
function refuse(why) {
  page.dataset["why"] = why;
  problem.textContent = words(why);
  problem.hidden = false;
  act.disabled = false;
  act.textContent = data["again"] ?? "";
  status.textContent = "";
}

let used = false;

async function run() {
  if (used) return location.reload(); // a question counts once: the page comes again with a fresh one
  problem.hidden = true;
  act.disabled = true;
  status.textContent = data["signing"] ?? "";
  try {
    await ask("status");
    const token = await ask("authenticate", {
      challengeNonce: data["nonce"],
      options: { lang: document.documentElement.lang },
    });
    used = true;
    const answer = await fetch(location.pathname + location.search, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ nonce: data["nonce"], token: JSON.stringify(token) }),
    });
    const { to, refused } = await answer.json();
    if (typeof to === "string") return location.assign(to);
    refuse(String(refused ?? "other"));
  } catch (error) {
    refuse(error instanceof TypeError ? "other" : wordFor(error));
  }
}

act.addEventListener("click", () => void run());
