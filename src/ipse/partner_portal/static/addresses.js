// Help with addresses while they are typed; the server judges them again.

/** @param {string} address @param {boolean} sandbox */
export function mistake(address, sandbox) {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(address)) return "address-no-scheme";
  if (/\s/.test(address)) return "address-space";
  /** @type {URL} */
  let read;
  try {
    read = new URL(address);
  } catch {
    return "address-unreadable";
  }
  if (address.includes("#")) return "address-fragment";
  if (address.includes("*")) return "address-wildcard";
  if (!["http:", "https:"].includes(read.protocol)) return "address-custom-scheme";
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(read.hostname);
  if (loopback && !sandbox) return "address-loopback";
  return read.protocol === "http:" && !loopback ? "address-http" : "";
}

if (typeof document !== "undefined") {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".addresses"))) {
    const area = /** @type {HTMLTextAreaElement} */ (place.querySelector("textarea"));
    const help = /** @type {HTMLElement} */ (place.querySelector(".help"));
    const look = () => {
      const lines = area.value.split("\n").map((line) => line.trim());
      const wrong = lines.find((line) => line && mistake(line, place.dataset["sandbox"] === "yes"));
      const name = (wrong ? mistake(wrong, place.dataset["sandbox"] === "yes") : "").replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
      help.textContent = wrong ? (place.dataset[name] ?? "").replace("{address}", wrong) : "";
      help.hidden = !wrong;
      area.toggleAttribute("aria-invalid", Boolean(wrong));
    };
    area.addEventListener("change", look);
    area.addEventListener("input", () => help.hidden || look());
  }
}
