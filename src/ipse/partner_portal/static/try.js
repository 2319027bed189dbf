// Trying a login. Where the partner proves itself by a key, this page signs and decrypts with it; the key stays here.

/** @typedef {JsonWebKey & {kid?: string}} Jwk */
/** @typedef {{name: string, title: string, good: boolean, sent: string, came: string, why: string, reference?: string}} Step */
const utf8 = new TextEncoder();
const text = new TextDecoder();
/** @param {ArrayBuffer | Uint8Array} octets */
const base64url = (octets) =>
  btoa(String.fromCharCode(...new Uint8Array(octets)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
/** @param {string} part */
const octetsOf = (part) => Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
/** @param {string} part */
const objectOf = (part) => JSON.parse(text.decode(octetsOf(part)));

/** What WebCrypto calls an algorithm. @type {Record<string, any>} */
const SIGNING = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
};

/** @param {Jwk} jwk @param {any} algorithm @param {KeyUsage[]} uses */
function imported(jwk, algorithm, uses) {
  const { kty, crv, x, y, d, n, e, p, q, dp, dq, qi } = jwk;
  const members = Object.entries({ kty, crv, x, y, d, n, e, p, q, dp, dq, qi }).filter(([, value]) => value !== undefined);
  return crypto.subtle.importKey("jwk", Object.fromEntries(members), algorithm, false, uses);
}

/** A client assertion (RFC 7523), good for five minutes. @param {Jwk} jwk @param {string} client @param {string} issuer */
export async function assertion(jwk, client, issuer) {
  const alg = jwk.alg ?? (jwk.kty === "EC" ? "ES256" : "PS256");
  const now = Math.floor(Date.now() / 1000);
  const jti = base64url(crypto.getRandomValues(new Uint8Array(24)));
  const claims = { iss: client, sub: client, aud: issuer, iat: now, exp: now + 240, jti };
  const signed = [{ alg, kid: jwk.kid }, claims].map((part) => base64url(utf8.encode(JSON.stringify(part)))).join(".");
  const key = await imported(jwk, SIGNING[alg], ["sign"]);
  return `${signed}.${base64url(await crypto.subtle.sign(SIGNING[alg], key, utf8.encode(signed)))}`;
}

/** The content key of a token for us (RFC 7518 §4.3, §4.6). @param {any} header @param {string} wrapped @param {Jwk} jwk */
async function contentKey(header, wrapped, jwk) {
  if (header.alg.startsWith("RSA-OAEP")) {
    const algorithm = { name: "RSA-OAEP", hash: header.alg === "RSA-OAEP" ? "SHA-1" : "SHA-256" };
    return crypto.subtle.decrypt(algorithm, await imported(jwk, algorithm, ["decrypt"]), octetsOf(wrapped));
  }
  const algorithm = { name: "ECDH", namedCurve: "P-256" };
  const theirs = await imported(header.epk, algorithm, []);
  const agreed = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, await imported(jwk, algorithm, ["deriveBits"]), 256);
  const counted = (/** @type {number} */ value) => new Uint8Array(new Uint32Array([value]).buffer).reverse();
  const enc = utf8.encode(header.enc);
  const parts = [counted(1), new Uint8Array(agreed), counted(enc.length), enc, counted(0), counted(0), counted(256)];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return crypto.subtle.digest("SHA-256", whole);
}

/** Decrypt a token (A256GCM or A128CBC-HS256), verify it with the scheme's keys, and give its claims.
 * @param {string} token @param {Jwk[]} ours @param {{keys: Jwk[]}} published */
export async function opened(token, ours, published) {
  const [head, wrapped, nonce, sealed, tag] = /** @type {[string, string, string, string, string]} */ (token.split("."));
  const header = objectOf(head);
  const jwk = ours.find((key) => key.kid === header.kid);
  if (!jwk) throw new Error(`no key ${header.kid}`);
  const secret = new Uint8Array(await contentKey(header, wrapped, jwk));
  const [iv, body, mark, aad] = [octetsOf(nonce), octetsOf(sealed), octetsOf(tag), utf8.encode(head)];
  let plain;
  if (header.enc === "A256GCM") {
    const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["decrypt"]);
    const whole = new Uint8Array([...body, ...mark]);
    plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: aad }, key, whole);
  } else {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setUint32(4, aad.length * 8);
    const mac = await crypto.subtle.importKey("raw", secret.slice(0, 16), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const expected = new Uint8Array(await crypto.subtle.sign("HMAC", mac, new Uint8Array([...aad, ...iv, ...body, ...length])));
    if (base64url(expected.slice(0, 16)) !== base64url(mark)) throw new Error("changed on the way");
    const key = await crypto.subtle.importKey("raw", secret.slice(16), "AES-CBC", false, ["decrypt"]);
    plain = await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, body);
  }
  const [first, second, signature] = /** @type {[string, string, string]} */ (text.decode(plain).split("."));
  const { alg, kid } = objectOf(first);
  const signer = published.keys.find((key) => key.kid === kid);
  if (!signer || !SIGNING[alg]) throw new Error(`no published key ${kid}`);
  const key = await imported(signer, SIGNING[alg], ["verify"]);
  if (!(await crypto.subtle.verify(SIGNING[alg], key, octetsOf(signature), utf8.encode(`${first}.${second}`)))) {
    throw new Error("the signature is wrong");
  }
  return objectOf(second);
}

/** @param {HTMLFormElement} form */
function trying(form) {
  const words = /** @type {Record<string, string | undefined>} */ (form.dataset);
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("try-button"));
  const news = /** @type {HTMLElement} */ (document.getElementById("try-news"));
  const place = /** @type {HTMLElement} */ (document.getElementById("try-steps"));
  const list = /** @type {HTMLElement} */ (place.querySelector("ol"));
  const onward = document.getElementById("onward");
  const chosen = /** @type {HTMLInputElement | null} */ (document.getElementById("try-keys"));

  /** @param {string} name @param {string} kind */
  const tell = (name, kind) => {
    news.hidden = false;
    news.className = `note ${kind}`;
    news.textContent = words[name] ?? name;
  };
  /** @param {string} kind @param {string} content @param {string} [caption] */
  const part = (kind, content, caption) => {
    const made = document.createElement(kind);
    made.textContent = content;
    if (kind === "pre") {
      made.className = "code";
      made.tabIndex = 0;
      made.setAttribute("aria-label", caption ?? "");
    }
    return made;
  };
  /** @param {Step} step */
  const show = (step) => {
    const [item, details, summary, badge] = ["li", "details", "summary", "span"].map((name) => document.createElement(name));
    if (!item || !details || !summary || !badge) return;
    badge.className = `badge ${step.good ? "good" : "bad"}`;
    badge.textContent = step.good ? "✓" : "✕";
    summary.append(badge, ` ${step.title}`);
    details.append(summary);
    if (step.why) {
      const why = part("p", step.why);
      why.className = "note bad";
      why.lang = "en";
      details.append(why);
    }
    if (step.reference) {
      const found = document.createElement("a");
      found.href = `/partners/requests?reference=${encodeURIComponent(step.reference)}&lang=${document.documentElement.lang}`;
      found.textContent = step.reference;
      const line = part("p", `${words["reference"] ?? ""} `);
      line.append(found);
      details.append(line);
    }
    for (const [caption, content] of [["sent", step.sent], ["came", step.came]]) {
      if (!content) continue;
      const title = part("p", words[caption ?? ""] ?? "");
      title.className = "caption";
      details.append(title, part("pre", content, words[caption ?? ""]));
    }
    if (!step.good || ["return", "id_token"].includes(step.name)) details.setAttribute("open", "");
    item.append(details);
    item.dataset["step"] = step.name;
    item.dataset["good"] = step.good ? "yes" : "no";
    list.append(item);
  };

  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    /** @type {Jwk[]} */
    let ours = [];
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("assertion"));
    if (words["keys"]) {
      try {
        ours = JSON.parse((await chosen?.files?.[0]?.text()) ?? "{}").keys ?? [];
        const signer = ours.find((key) => key.use === "sig" && key.d);
        if (!signer) return tell("noKeys", "waits");
        field.value = await assertion(signer, words["client"] ?? "", words["issuer"] ?? "");
      } catch {
        return tell("notOurs", "bad");
      }
    }
    button.disabled = true;
    list.replaceChildren();
    place.hidden = true;
    tell("running", "");
    try {
      const fields = /** @type {[string, string][]} */ ([...new FormData(form)].filter(([, value]) => typeof value === "string"));
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields) });
      const told = await answer.json();
      if (told.problem) return tell(told.problem, "waits");
      for (const step of told.steps) show(step);
      let good = told.good;
      for (const [name, token] of Object.entries(told.sealed ?? {})) {
        try {
          const claims = await opened(String(token), ours, told.published);
          show({ name, title: told.titles[name], good: true, sent: "", came: JSON.stringify(claims, undefined, 2), why: "" });
        } catch (error) {
          good = false;
          const why = `${words["unopened"]} (${error instanceof Error ? error.message : error})`;
          show({ name, title: told.titles[name], good: false, sent: "", came: String(token), why });
        }
      }
      place.hidden = false;
      // Where it failed, there is nothing to go on to.
      if (onward) onward.hidden = !good;
      tell(told.declined ? "declined" : good ? "good" : "bad", told.declined ? "waits" : good ? "good" : "bad");
    } catch {
      tell("broken", "bad");
    } finally {
      button.disabled = false;
      field.value = "";
    }
  });
}

const form = typeof document === "undefined" ? null : document.getElementById("try-form");
if (form instanceof HTMLFormElement) trying(form);
