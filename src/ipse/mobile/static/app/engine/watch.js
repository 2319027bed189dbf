// The stream that says "something changed, say home again". Read by fetch, because an EventSource cannot carry an
// Authorization header. A hidden page closes it: browsers allow six connections to one host over all tabs.

/**
 * @typedef {object} Watching
 * @property {string} base
 * @property {string} token
 * @property {AbortSignal} signal
 * @property {typeof fetch} fetch
 */

/**
 * The names of the events, one after the other, until the stream ends.
 * @param {Watching} how
 * @returns {AsyncGenerator<string, void, void>}
 * @throws {TypeError | DOMException} when the connection breaks or `signal` aborts
 */
export async function* events({ base, token, signal, fetch: get }) {
  const response = await get(`${base}/phone/v1/watch`, {
    headers: { Authorization: `Bearer ${token}`, Accept: "text/event-stream" },
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    signal,
  });
  if (!response.ok || response.body === null) throw new TypeError(`watch answered ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const name = eventName(block);
      if (name !== null) yield name;
    }
  }
}

/**
 * @param {string} block one event of a stream (WHATWG HTML §9.2)
 * @returns {string | null} its name; `null` for a comment, which only keeps the connection alive
 */
export function eventName(block) {
  const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
  if (lines.length === 0) return null;
  const named = lines.find((line) => line.startsWith("event:"));
  return named === undefined ? "message" : named.slice("event:".length).trim();
}
