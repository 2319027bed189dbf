// Knows which sandbox a page belongs to, opens the window that asks for the PIN, and brings its answer back.
// @ts-check

const { chrome } = /** @type {any} */ (globalThis);

/** @type {Map<string, { asked: any, world: string, origin: string, answer: (answered: object) => void }>} */
const waiting = new Map();
/** @type {Map<number, string>} windows to what they wait for */
const windows = new Map();

chrome.runtime.onMessage.addListener((/** @type {any} */ message, /** @type {any} */ sender, /** @type {any} */ respond) => {
  if (message.waiting) {
    const found = waiting.get(message.waiting);
    respond(found ? { asked: found.asked, world: found.world, origin: found.origin } : null);
    return false;
  }
  if (message.done) {
    conclude(message.done, message.answered);
    return false;
  }
  if (!sender.origin || !message.kind) return false;
  begin(message, sender.origin, respond);
  return true;
});

chrome.windows.onRemoved.addListener((/** @type {number} */ closed) => {
  const id = windows.get(closed);
  if (id) conclude(id, failed("ERR_WEBEID_USER_CANCELLED", "the window was closed"));
});

/**
 * The sandbox's world: at 127.0.0.1, where the scheme is at localhost one port below.
 * @param {string} origin
 */
function worldOf(origin) {
  const url = new URL(origin);
  return url.hostname === "localhost" ? `http://127.0.0.1:${Number(url.port || 80) + 1}` : origin;
}

/**
 * @param {any} asked
 * @param {string} origin
 * @param {(answered: object) => void} answer
 */
async function begin(asked, origin, answer) {
  const world = worldOf(origin);
  if (asked.kind === "certificate") {
    answer(await certificate(world));
    return;
  }
  const id = crypto.randomUUID();
  waiting.set(id, { asked, world, origin, answer });
  const shown = await chrome.windows.create({ url: `pin.html#${id}`, type: "popup", width: 440, height: 560 });
  if (shown?.id !== undefined) windows.set(shown.id, id);
}

/** @param {string} world */
async function certificate(world) {
  try {
    const response = await fetch(`${world}/eid/api/certificate`, { method: "POST" });
    const told = await response.json();
    return response.ok ? { result: told } : failed("ERR_WEBEID_USER_CANCELLED", told.detail ?? told.error);
  } catch {
    return failed("ERR_WEBEID_NATIVE_UNAVAILABLE", `no sandbox at ${world}`);
  }
}

/**
 * @param {string} id
 * @param {object} answered
 */
function conclude(id, answered) {
  waiting.get(id)?.answer(answered);
  waiting.delete(id);
  for (const [shown, of] of windows) if (of === id) windows.delete(shown);
}

/**
 * @param {string} code
 * @param {string} message
 */
function failed(code, message) {
  return { error: { code, message } };
}

export {};
