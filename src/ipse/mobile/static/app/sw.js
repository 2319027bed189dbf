// Keeps the shell of the app, so that it opens without a connection. Nothing of a person is ever in this cache, and
// what the scheme says never passes through here.

/// <reference lib="webworker" />

// The next two lines are written by `node tests/javascript/shell_files.js --write`; a test compares them.
const VERSION = "tGvj5kQmLWr_gjGd";
const FILES = [
  "/",
  "/app.js",
  "/css/fonts.css",
  "/css/fonts/atkinson-hyperlegible-next-latin-ext.woff2",
  "/css/fonts/atkinson-hyperlegible-next-latin.woff2",
  "/css/parts.css",
  "/css/screens.css",
  "/css/shell.css",
  "/css/tokens.css",
  "/engine/answers.js",
  "/engine/browsers.js",
  "/engine/contents.js",
  "/engine/costing.js",
  "/engine/crypto.js",
  "/engine/device.js",
  "/engine/encoding.js",
  "/engine/fallbacks.js",
  "/engine/fingerprints.js",
  "/engine/health.js",
  "/engine/live.js",
  "/engine/messages.js",
  "/engine/moving.js",
  "/engine/papers.js",
  "/engine/phone.js",
  "/engine/problems.js",
  "/engine/renewing.js",
  "/engine/settling.js",
  "/engine/signing.js",
  "/engine/signing_contents.js",
  "/engine/slots.js",
  "/engine/starts.js",
  "/engine/store.js",
  "/engine/waking.js",
  "/engine/watch.js",
  "/engine/weak.js",
  "/icons/apple-touch-icon.png",
  "/icons/icon-192.png",
  "/icons/icon-512.png",
  "/icons/icon.svg",
  "/icons/maskable-512.png",
  "/manifest.webmanifest",
  "/messages/de.json",
  "/messages/en.json",
  "/messages/fr.json",
  "/messages/nl.json",
  "/parts/attributes.js",
  "/parts/codepad.js",
  "/parts/contents.js",
  "/parts/dom.js",
  "/parts/icons.js",
  "/parts/language.js",
  "/parts/markup.js",
  "/parts/money.js",
  "/parts/phone_numbers.js",
  "/parts/pieces.js",
  "/parts/shell.js",
  "/parts/signing.js",
  "/scanner/camera.js",
  "/scanner/reader.js",
  "/screens/activate.js",
  "/screens/approval.js",
  "/screens/browsers.js",
  "/screens/bursts.js",
  "/screens/card.js",
  "/screens/caution.js",
  "/screens/check.js",
  "/screens/connecting.js",
  "/screens/countdown.js",
  "/screens/digits.js",
  "/screens/document.js",
  "/screens/duress.js",
  "/screens/entry.js",
  "/screens/fallbacks.js",
  "/screens/fingerprints.js",
  "/screens/home.js",
  "/screens/identity.js",
  "/screens/intake.js",
  "/screens/moving.js",
  "/screens/outcome.js",
  "/screens/received.js",
  "/screens/renewal.js",
  "/screens/request.js",
  "/screens/scan.js",
  "/screens/settings.js",
  "/screens/sheets.js",
  "/screens/waking.js",
  "/screens/welcome.js",
  "/vendor/qr/decode.js",
  "/vendor/qr/index.js",
];

const CACHE = `ipse-shell-${VERSION}`;
const SETTINGS = "/app.json";
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(forgetOlder().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(kept("/"));
  else if (url.pathname === SETTINGS) event.respondWith(newest(event.request));
  else if (FILES.includes(url.pathname)) event.respondWith(kept(url.pathname));
});

worker.addEventListener("push", (event) => {
  event.waitUntil(tell());
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openApp());
});

// The browser has replaced its subscription. Only the app can tell the scheme, signed, and does at its next start.
worker.addEventListener("pushsubscriptionchange", (event) => {
  const { oldSubscription: old } = /** @type {{ oldSubscription?: PushSubscription }} */ (/** @type {unknown} */ (event));
  if (old !== undefined) event.waitUntil(worker.registration.pushManager.subscribe(old.options));
});

/** One notification, the same for everything: whoever sees the screen learns that something waits, and no more. */
async function tell() {
  const { title, body } = await words();
  await worker.registration.showNotification(title, { body, tag: "waiting", icon: "/icons/icon-192.png", badge: "/icons/icon-192.png" });
}

/** The words of the language that was chosen here. */
async function words() {
  const language = await chosenLanguage().catch(() => null);
  const response = await kept(`/messages/${language ?? "en"}.json`);
  const catalogue = await response.json();
  return { title: String(catalogue["waking.notice"]), body: String(catalogue["waking.notice_more"]) };
}

/** @returns {Promise<string | null>} */
function chosenLanguage() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("ipse", 1);
    opening.onerror = () => reject(opening.error);
    opening.onupgradeneeded = () => opening.transaction?.abort(); // nothing lives here: leave nothing behind
    opening.onsuccess = () => {
      const asking = opening.result.transaction("phone").objectStore("phone").get("language");
      asking.onsuccess = () => {
        opening.result.close();
        resolve(asking.result ?? null);
      };
      asking.onerror = () => reject(asking.error);
    };
  });
}

async function openApp() {
  const [open] = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (open === undefined) return worker.clients.openWindow("/");
  open.postMessage({ type: "woken" });
  await open.focus().catch(() => undefined); // a browser may refuse; the app looks all the same
}

async function keepShell() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...FILES, SETTINGS].map((path) => new Request(path, { cache: "no-cache" })));
}

async function forgetOlder() {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith("ipse-shell-") && name !== CACHE).map((name) => caches.delete(name)),
  );
}

/**
 * @param {string} path
 * @returns {Promise<Response>}
 */
async function kept(path) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(path);
}

/**
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function newest(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(SETTINGS, response.clone());
    return response;
  } catch (error) {
    const older = await cache.match(SETTINGS);
    if (older === undefined) throw error;
    return older;
  }
}
