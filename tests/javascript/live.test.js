// What the app shows stays up to date while somebody looks, and costs nothing while nobody does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../../src/ipse/mobile/static/app/engine/problems.js";

/** @typedef {import("../../src/ipse/mobile/static/app/engine/phone.js").Phone} Phone */

class Page extends EventTarget {
  visibilityState = "visible";
}

const page = new Page();
/** @type {{ signal: AbortSignal, say: (text: string) => void }[]} */
const streams = [];

/** @type {typeof fetch} */
const watch = async (_address, options) => {
  const signal = options?.signal ?? new AbortController().signal;
  const body = new ReadableStream({
    start: (controller) => {
      signal.addEventListener("abort", () => controller.error(new DOMException("aborted", "AbortError")));
      streams.push({ signal, say: (words) => controller.enqueue(new TextEncoder().encode(words)) });
    },
  });
  return new Response(body);
};
Object.assign(globalThis, { document: page, window: Object.assign(new EventTarget(), { fetch: watch }) });
const { Live } = await import("../../src/ipse/mobile/static/app/engine/live.js");

/** @param {string} state */
function turn(state) {
  page.visibilityState = state;
  page.dispatchEvent(new Event("visibilitychange"));
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

/** @param {() => Promise<unknown>} home */
function standIn(home) {
  return /** @type {Phone} */ (/** @type {unknown} */ ({ home }));
}

test("home is asked, watched, asked again when told, and left alone while hidden", async () => {
  let asked = 0;
  const live = new Live({
    phone: standIn(async () => ({ watch: `token-${(asked += 1)}`, open: [] })),
    base: "https://s.example",
  });
  let heard = 0;
  const silence = live.listen({ home: () => void (heard += 1) });
  await soon();
  assert.deepEqual([asked, heard, streams.length], [1, 1, 1]);

  streams[0]?.say("event: changed\ndata: {}\n\n: still here\n\n");
  await soon();
  assert.deepEqual([asked, heard], [2, 2]);

  turn("hidden");
  await soon();
  assert.equal(streams[0]?.signal.aborted, true);
  assert.equal(asked, 2);

  turn("visible");
  await soon();
  assert.deepEqual([asked, heard, streams.length], [3, 3, 2]);

  silence();
  await soon();
  assert.equal(streams[1]?.signal.aborted, true);
});

test("a screen that takes the news itself is not disturbed by asking home", async () => {
  let asked = 0;
  const live = new Live({
    phone: standIn(async () => ({ watch: String((asked += 1)), open: [] })),
    base: "https://s.example",
  });
  let told = 0;
  const silence = live.listen({ changed: () => void (told += 1) });
  await soon();
  streams.at(-1)?.say("event: changed\ndata: {}\n\n");
  await soon();
  assert.deepEqual([asked, told], [1, 1]);
  silence();
  await soon();
});

test("trouble is told once, not asked again and again; the next who listens asks anew", async () => {
  let asked = 0;
  const refuse = async () => {
    asked += 1;
    throw new Problem({ code: "phone_stopped", why: "moved" });
  };
  const live = new Live({ phone: standIn(refuse), base: "https://s.example" });
  /** @type {Error[]} */
  const troubles = [];
  const silence = live.listen({ trouble: (error) => void troubles.push(error) });
  await soon();
  assert.equal(asked, 1);
  assert.equal(troubles[0]?.message, "phone_stopped");
  silence();
  live.listen({})();
  await soon();
  assert.equal(asked, 2);
  assert.equal(live.latest, null);
});
