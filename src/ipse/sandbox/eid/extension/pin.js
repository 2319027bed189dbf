// The window that asks for the PIN and puts the page's request to the card slot.
// @ts-check

const { chrome } = /** @type {any} */ (globalThis);

const id = window.location.hash.slice(1);
const request = await chrome.runtime.sendMessage({ waiting: id });
const form = /** @type {HTMLFormElement} */ (document.querySelector("#form"));
const pin = /** @type {HTMLInputElement} */ (document.querySelector("#pin"));

if (request) {
  write("#origin", request.origin);
  if (request.asked.kind === "sign") write("#what", "Sign with an eID card");
  form.addEventListener("submit", submit);
  document.querySelector("#cancel")?.addEventListener("click", () => window.close());
  look();
} else {
  write("#card", "Nothing waits for a PIN any more. Close this window.");
}

/** Ask which card is in, until this window closes; being asked also keeps the background awake. */
async function look() {
  try {
    const { card } = await (await fetch(`${request.world}/eid/api/slot`)).json();
    write("#card", card ? told(card) : `No card is in the reader. Put one in at ${request.world}/eid/ and come back.`);
    const wasHidden = form.hidden;
    form.hidden = !card || card.blocked;
    if (wasHidden && !form.hidden) pin.focus();
  } catch {
    write("#card", `No sandbox answers at ${request.world}.`);
    form.hidden = true;
  }
  await chrome.runtime.sendMessage({ waiting: id });
  setTimeout(look, 2000);
}

/** @param {{ name: string, blocked: boolean }} card */
function told(card) {
  return card.blocked ? `The card of ${card.name} is blocked.` : `The card of ${card.name}.`;
}

/** @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  const { kind, ...wanted } = request.asked;
  const body = JSON.stringify({ ...wanted, origin: request.origin, pin: pin.value });
  pin.value = "";
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${request.world}/eid/api/${kind}`, { method: "POST", headers, body });
  const answer = await response.json();
  if (response.ok) {
    await chrome.runtime.sendMessage({ done: id, answered: { result: answer } });
    window.close();
  } else if (answer.error === "wrong_pin" || answer.error === "blocked") {
    write("#wrong", answer.tries_left ? `Wrong PIN. Tries left: ${answer.tries_left}.` : "Wrong PIN. The card is blocked now.");
    pin.focus();
  } else {
    const error = { code: "ERR_WEBEID_NATIVE_INVALID_ARGUMENT", message: answer.detail ?? answer.error };
    await chrome.runtime.sendMessage({ done: id, answered: { error } });
    window.close();
  }
}

/**
 * @param {string} where
 * @param {string} text
 */
function write(where, text) {
  const element = document.querySelector(where);
  if (element && element.textContent !== text) element.textContent = text;
}

export {};
