// The card's page: reads the files by the reader's program, lets the card sign, and hands both in.

import { ask, wordFor } from "./web_eid.js";

const page = /** @type {HTMLElement} */ (document.getElementById("card"));
const act = /** @type {HTMLButtonElement} */ (document.getElementById("read-card"));
const status = /** @type {HTMLElement} */ (document.getElementById("card-status"));
const problem = /** @type {HTMLElement} */ (document.getElementById("card-problem"));
const data = /** @type {Record<string, string | undefined>} */ (page.dataset);

/** How long the reader's program may take with all files of a card. */
const READER_MILLISECONDS = 60_000;
/** What another try of this page cannot mend without a new question. */
const USED = new Set(["try_later", "again", "revoked", "expired", "not_accepted", "no_files", "two_cards", "files_refused"]);

/** A reason for which nothing came of it: one of `data-why-…`. */
class Refusal extends Error {}

/** @param {string} name as in `no_card` */
function words(name) {
  /** @param {string} key */
  const text = (key) => data[`why${key.replace(/(^|_)([a-z])/g, (_, _gap, letter) => letter.toUpperCase())}`];
  return text(name) ?? text("other") ?? "";
}

/** @param {"ready" | "reading" | "signing" | "checking" | "done" | "refused"} state */
function show(state) {
  page.dataset["state"] = state;
  act.disabled = !["ready", "refused"].includes(state);
  act.setAttribute("aria-busy", String(act.disabled));
  status.textContent = data[`step${state.charAt(0).toUpperCase()}${state.slice(1)}`] ?? "";
}

/** @param {string} why @param {boolean} [over] whether another try is of no use */
function refuse(why, over = false) {
  page.dataset["why"] = why;
  problem.textContent = words(why);
  problem.hidden = false;
  act.textContent = (over ? data["on"] : data["again"]) ?? "";
  show("refused");
}

/** The card's files, as the program beside the reader gives them. */
async function files() {
  const address = `${data["reader"]}/card?challenge=${data["challenge"]}`;
  const answer = await fetch(address, { credentials: "omit", signal: AbortSignal.timeout(READER_MILLISECONDS) }).catch(
    () => null,
  );
  if (answer === null) throw new Refusal("no_reader_program");
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(typeof content.error === "string" ? content.error : "reader_failed");
  return content;
}

/** @param {string} token @param {unknown} read */
async function handIn(token, read) {
  const answer = await fetch(data["address"] ?? "", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ nonce: data["nonce"], token, files: read }),
  });
  return answer.json();
}

let used = false;

async function run() {
  problem.hidden = true;
  if (used) return location.reload(); // a question counts once: the page comes again with a fresh one
  try {
    show("reading");
    await ask("status");
    const read = await files();
    show("signing");
    const token = await ask("authenticate", {
      challengeNonce: data["nonce"],
      options: { lang: document.documentElement.lang },
    });
    show("checking");
    used = true;
    const { to, refused } = await handIn(JSON.stringify(token), read);
    if (refused !== undefined) {
      const over = !USED.has(refused) && typeof to === "string";
      refuse(String(refused), over);
      if (over) followLater(to);
      return;
    }
    show("done");
    location.assign(inThisLanguage(to));
  } catch (error) {
    refuse(error instanceof Refusal ? error.message : error instanceof TypeError ? "other" : wordFor(error));
  }
}

/** Pages of ours go on in the language that was chosen here. @param {string} to */
function inThisLanguage(to) {
  const there = new URL(to, location.href);
  if (there.origin === location.origin) there.searchParams.set("lang", document.documentElement.lang);
  return there.href;
}

/** Over: the button leads on, to the app or to the page that says why. @param {string} to */
function followLater(to) {
  act.addEventListener("click", () => location.assign(to), { capture: true, once: true });
}

act.addEventListener("click", () => void run());
