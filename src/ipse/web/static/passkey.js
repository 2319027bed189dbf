// A passkey of this browser: made at a one-time address, or asked to prove somebody. What the page says in its data
// decides which; the answer of the server says where the page goes.

const page = /** @type {HTMLElement} */ (document.getElementById("passkey"));
const act = /** @type {HTMLButtonElement} */ (document.getElementById("use-passkey"));
const problem = /** @type {HTMLElement} */ (document.getElementById("passkey-problem"));
const data = /** @type {Record<string, string | undefined>} */ (page.dataset);

/**
 * @param {string} text base64url
 * @returns {Uint8Array<ArrayBuffer>}
 */
function octets(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}

/** @param {ArrayBuffer | null} buffer */
function text(buffer) {
  const signs = Array.from(new Uint8Array(buffer ?? new ArrayBuffer(0)), (octet) => String.fromCharCode(octet));
  return btoa(signs.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} why one of `REASONS` */
function refuse(why) {
  const words = data[`why${why.charAt(0).toUpperCase()}${why.slice(1)}`];
  page.dataset["why"] = why;
  problem.textContent = words ?? data["whyOther"] ?? "";
  problem.hidden = false;
  act.disabled = false;
  act.textContent = data["again"] ?? "";
}

async function made() {
  const name = data["name"] ?? "";
  const user = data["userName"] ?? name;
  const credential = /** @type {PublicKeyCredential | null} */ (
    await navigator.credentials.create({
      publicKey: {
        rp: { id: data["relyingParty"] ?? "", name },
        user: { id: octets(data["user"] ?? ""), name: user, displayName: user },
        challenge: octets(data["challenge"] ?? ""),
        pubKeyCredParams: (data["algorithms"] ?? "").split(" ").map((alg) => ({ type: "public-key", alg: Number(alg) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
        timeout: 300_000,
      },
    })
  );
  if (credential === null) throw new DOMException("nothing was made", "NotAllowedError");
  const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
  const parts = { client_data: text(response.clientDataJSON), attestation: text(response.attestationObject) };
  return { credential: { id: credential.id, ...parts } };
}

async function used() {
  const credential = /** @type {PublicKeyCredential | null} */ (
    await navigator.credentials.get({
      publicKey: {
        rpId: data["relyingParty"] ?? "",
        challenge: octets(data["challenge"] ?? ""),
        userVerification: "required",
        timeout: 300_000,
      },
    })
  );
  if (credential === null) throw new DOMException("nothing was chosen", "NotAllowedError");
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  return {
    challenge: data["challenge"],
    credential: {
      id: credential.id,
      client_data: text(response.clientDataJSON),
      authenticator_data: text(response.authenticatorData),
      signature: text(response.signature),
      user_handle: text(response.userHandle),
    },
  };
}

let answered = false;

async function run() {
  if (answered) return location.reload(); // a question counts once: the page comes again with a fresh one
  problem.hidden = true;
  act.disabled = true;
  if (!("PublicKeyCredential" in window)) return refuse("unsupported");
  try {
    const given = await (data["task"] === "make" ? made() : used());
    answered = true;
    const answer = await fetch(location.pathname + location.search, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(given),
    });
    const { to, made: done, refused } = await answer.json();
    if (typeof to === "string") return location.assign(to);
    if (done !== true) return refuse(String(refused ?? "other"));
    for (const [id, hidden] of /** @type {const} */ ([["passkey-before", true], ["passkey-made", false]])) {
      const part = document.getElementById(id);
      if (part !== null) part.hidden = hidden;
    }
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    refuse(name === "NotAllowedError" || name === "AbortError" ? "cancelled" : "other");
  }
}

act.addEventListener("click", () => void run());
