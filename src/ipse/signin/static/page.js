// The sign-in page: draws the moving code, listens for news of the request, and goes on when it is approved.
// Everything here also works without it, by forms and by a page that refreshes itself.

import { frameMaker, picture } from "./frames.js";

/** @typedef {{state: string, start: string, elapsed: number, left: number, full: number, extensible: boolean}} News */

const page = /** @type {HTMLElement} */ (document.getElementById("signin"));
const data = /** @type {Record<string, string>} */ ({ ...page.dataset });
const here = data["here"] ?? "";
const language = document.documentElement.lang;

/** The page as the server would draw it now: for every state that this page does not hold itself. */
function again() {
  location.replace(`${here}?lang=${language}`);
}

// --- time: the server's seconds, carried on by this browser's clock -----------------------------------------------

let anchor = Date.now();
let elapsedAtAnchor = Number(data["elapsed"]);
let end = elapsedAtAnchor + Number(data["left"]);
let full = Number(data["full"]);
const navigation = performance.getEntriesByType("navigation")[0];
if (navigation instanceof PerformanceNavigationTiming) {
  anchor -= Math.max(0, performance.now() - navigation.responseStart);
}

function elapsed() {
  return elapsedAtAnchor + Math.max(0, (Date.now() - anchor) / 1000);
}

// --- the moving code ----------------------------------------------------------------------------------------------

const place = /** @type {HTMLElement} */ (document.getElementById("qr-place"));
/** @type {HTMLImageElement | null} */
let image = null;
/** @type {((elapsed: number) => Promise<string>) | null} */
let makeFrame = null;
let drawnSecond = -1;

async function draw() {
  if (state !== "waiting" || makeFrame === null) return;
  const second = Math.floor(elapsed());
  if (second === drawnSecond) return;
  drawnSecond = second;
  const content = `${data["app"]}/#f=${await makeFrame(second)}`;
  if (image === null) {
    image = document.createElement("img");
    image.id = "qr";
    image.alt = data["alt"] ?? "";
    image.width = 296;
    image.height = 296;
    place.replaceChildren(image);
  }
  image.src = picture(content);
  image.dataset["content"] = content;
}

// --- the clock ----------------------------------------------------------------------------------------------------

const clock = /** @type {HTMLElement} */ (document.getElementById("clock"));
const bar = /** @type {HTMLProgressElement} */ (document.querySelector("progress"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));
let minuteTold = false;

function tick() {
  const left = Math.max(0, end - elapsed());
  const whole = Math.ceil(left);
  clock.textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  bar.max = full;
  bar.value = left;
  if (left <= 60 && !minuteTold && !extend.hidden) {
    minuteTold = true;
    status.textContent = data["minute"] ?? "";
  }
  if (!document.hidden) void draw();
}

// --- what is shown ------------------------------------------------------------------------------------------------

let state = data["state"] ?? "waiting";

/** @param {News} news */
function show(news) {
  anchor = Date.now();
  elapsedAtAnchor = news.elapsed;
  const later = news.elapsed + news.left;
  if (later > end + 5) {
    minuteTold = false;
    status.textContent = data["extended"] ?? "";
  }
  end = later;
  full = news.full;
  extend.hidden = !news.extensible;
  const shown = news.state === "waiting" ? "waiting" : `${news.state}-${news.start}`;
  if (!["waiting", "claimed-qr", "claimed-link", "approved-qr"].includes(shown)) {
    stop();
    again();
    return;
  }
  if (news.state !== state) {
    state = news.state;
    page.dataset["state"] = state;
    page.dataset["start"] = news.start;
    if (state !== "waiting") {
      place.replaceChildren();
      image = null;
    }
    for (const part of page.querySelectorAll("[data-show]")) {
      if (part instanceof HTMLElement) {
        part.hidden = !(part.dataset["show"] ?? "").split(" ").includes(shown);
      }
    }
    const news_ = page.querySelector(`.news[data-show="${shown}"]`);
    if (news_ !== null) status.textContent = (news_.textContent ?? "").replace(/\s+/g, " ").trim();
  }
  if (shown === "approved-qr") {
    stop();
    location.replace(`${here}/finish`);
  }
  tick();
}

// --- news of the request: a stream while the page is in view ---------------------------------------------------------

/** @type {EventSource | null} */
let stream = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
let pause = 1000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let silence;

/** Where something between us and the server holds the stream back, the page is loaded again now and then. */
async function unheard() {
  silence = setTimeout(unheard, 10_000);
  const answer = await fetch(here, { method: "HEAD", redirect: "manual" }).catch(() => null);
  if (answer !== null && stream !== null) again();
}

function listen() {
  if (stream !== null || document.hidden) return;
  stream = new EventSource(`${here}/events`);
  silence = setTimeout(unheard, 10_000);
  stream.addEventListener("state", (event) => {
    clearTimeout(silence);
    pause = 1000;
    show(/** @type {News} */ (JSON.parse(/** @type {MessageEvent<string>} */ (event).data)));
  });
  stream.addEventListener("gone", () => {
    stop();
    again();
  });
  stream.addEventListener("error", () => {
    // While it reconnects by itself there is nothing to do; a refused stream is asked for again, ever less often.
    if (stream?.readyState !== EventSource.CLOSED) return;
    hush();
    retry = setTimeout(listen, pause);
    pause = Math.min(pause * 2, 15_000);
  });
}

function hush() {
  clearTimeout(retry);
  clearTimeout(silence);
  stream?.close();
  stream = null;
}

function stop() {
  hush();
  clearInterval(ticking);
  document.removeEventListener("visibilitychange", look);
}

function look() {
  if (document.hidden) {
    hush();
  } else {
    listen();
    tick();
  }
}

// --- more time, without leaving the page -----------------------------------------------------------------------------

/**
 * Send a form without leaving the page; its answer is a redirect that is not followed.
 *
 * @param {HTMLFormElement} form
 */
function post(form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  return fetch(form.action, { method: "POST", body: fields, redirect: "manual" });
}

const extend = /** @type {HTMLFormElement} */ (document.getElementById("extend"));
extend.addEventListener("submit", (event) => {
  event.preventDefault();
  post(extend).then(
    (response) => {
      if (response.type !== "opaqueredirect") again();
    },
    () => again(),
  );
});

const cancel = /** @type {HTMLFormElement} */ (document.getElementById("cancel"));
cancel.addEventListener("submit", (event) => {
  event.preventDefault();
  stop();
  // Not the form itself: browsers hold every redirect that follows a form to `form-action`, also those of partners.
  const go = () => location.replace(`${here}/finish`);
  post(cancel).then(go, go);
});

// --- a number was typed: the request goes to the phone once the digits are in view ----------------------------------

const seen = document.getElementById("seen");

function tellSeen() {
  if (!(seen instanceof HTMLFormElement) || document.hidden) return;
  document.removeEventListener("visibilitychange", tellSeen);
  post(seen).catch(() => document.addEventListener("visibilitychange", tellSeen));
}

document.addEventListener("visibilitychange", tellSeen);
tellSeen();

// --- start -------------------------------------------------------------------------------------------------------

// The address of a partner's request is not one to reload: it would begin another. This one shows the same again.
history.replaceState(null, "", `${here}?lang=${language}`);
const ticking = setInterval(tick, 250);
document.addEventListener("visibilitychange", look);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) again();
});
listen();
// Without WebCrypto (an address that is neither https nor loopback) the server draws.
if (!globalThis.crypto?.subtle) location.replace(`${here}?plain=1&lang=${language}`);
makeFrame = await frameMaker(data["frame"] ?? "", data["secret"] ?? "");
tick();
