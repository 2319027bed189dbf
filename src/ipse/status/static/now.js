// @ts-check
// Keeps an open page true: asks now and then whether anything has changed, and loads it anew only then.

const EVERY = 10_000;
const now = /** @type {HTMLElement} */ (document.getElementById("now"));
const looked = /** @type {HTMLElement} */ (document.getElementById("looked"));

/** Ask once. A status page that cannot be reached says nothing new. */
async function ask() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`/mark${location.search}`, { cache: "no-store" });
    if (!answer.ok) return;
    const { mark, at } = await answer.json();
    if (mark === now.dataset.mark) looked.textContent = at;
    else location.reload();
  } catch {
    // No connection: the page keeps the time at which it was true.
  }
}

setInterval(ask, EVERY);
document.addEventListener("visibilitychange", ask);
