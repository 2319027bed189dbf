// Keys made in this browser: the private halves are saved by the person and go nowhere else.

/** @param {ArrayBuffer | Uint8Array} octets */
const base64url = (octets) =>
  btoa(String.fromCharCode(...new Uint8Array(octets)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const utf8 = new TextEncoder();

/** @param {"sig" | "enc"} use @param {string} day */
async function pair(use, day) {
  const algorithm = { name: use === "sig" ? "ECDSA" : "ECDH", namedCurve: "P-256" };
  const made = await crypto.subtle.generateKey(algorithm, true, use === "sig" ? ["sign", "verify"] : ["deriveBits"]);
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", made.privateKey);
  const kid = `${use}-${day}-${base64url(crypto.getRandomValues(new Uint8Array(3)))}`;
  const shown = { kty, crv, x, y, use, alg: use === "sig" ? "ES256" : "ECDH-ES", kid };
  return { shown, hidden: { ...shown, d }, key: made.privateKey };
}

/** Proof that we hold a key: a signature over the portal's challenge. @param {{key: CryptoKey, shown: {kid: string}}} signer @param {string} client @param {string} challenge */
async function possession(signer, client, challenge) {
  const header = { alg: "ES256", typ: "ipse-key-possession+jwt", kid: signer.shown.kid };
  const claims = { sub: client, challenge, iat: Math.floor(Date.now() / 1000) };
  const signed = [header, claims].map((part) => base64url(utf8.encode(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signer.key, utf8.encode(signed));
  return `${signed}.${base64url(signature)}`;
}

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("make-keys"));
const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
if (form && crypto.subtle) {
  const make = /** @type {HTMLButtonElement} */ (find("make-button"));
  const save = /** @type {HTMLAnchorElement} */ (find("save-keys"));
  const register = /** @type {HTMLButtonElement} */ (find("register-keys"));
  make.disabled = false;
  make.addEventListener("click", async () => {
    const day = new Date().toISOString().slice(0, 10);
    try {
      const [signer, opener] = [await pair("sig", day), await pair("enc", day)];
      const file = JSON.stringify({ keys: [signer.hidden, opener.hidden] }, undefined, 2);
      const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
      field("keys").value = JSON.stringify({ keys: [signer.shown, opener.shown] });
      const challenge = form.dataset["challenge"];
      if (challenge) field("proof").value = await possession(signer, form.dataset["client"] ?? "", challenge);
      save.href = URL.createObjectURL(new Blob([file], { type: "application/json" }));
      find("made").hidden = false;
      make.hidden = true;
      save.focus();
      find("make-news").textContent = form.dataset["made"] ?? "";
    } catch {
      find("make-news").textContent = form.dataset["failed"] ?? "";
    }
  });
  // Whoever registers keys without having saved them has lost them.
  save.addEventListener("click", () => {
    register.disabled = false;
    register.classList.add("primary");
    save.classList.remove("primary");
  });
}

/** Whether a text holds a private key, as far as a glance tells; the server looks closely. @param {string} text */
export const isPrivate = (text) => /PRIVATE KEY-----/.test(text) || /"(d|k)"\s*:\s*"/.test(text);

for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[data-into]"))) {
  const area = /** @type {HTMLTextAreaElement} */ (document.getElementById(input.dataset["into"] ?? ""));
  const warning = find("private-here");
  input.disabled = false;
  input.addEventListener("change", async () => {
    const text = (await input.files?.[0]?.text()) ?? "";
    warning.hidden = !isPrivate(text);
    area.value = isPrivate(text) ? "" : text;
    if (isPrivate(text)) input.value = "";
  });
  // Typed or pasted: it stays in this page, too.
  area.form?.addEventListener("submit", (event) => {
    warning.hidden = !isPrivate(area.value);
    if (!warning.hidden) event.preventDefault();
  });
}
