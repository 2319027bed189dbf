// Help with addresses while they are typed; the server judges them again.

/** @param {string} address @param {boolean} sandbox */
export function mistake(address, sandbox) {
  if (sandbox && /^(localhost|127(\.\d+){3}|\[::1\])([:/]|$)/i.test(address)) return "address-no-http";
  if (!/^[a-z][a-z0-9+.-]*:/i.test(address) || /^[^/:\s]+:\d{1,5}(\/|$)/.test(address)) return "address-no-scheme";
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
      const told = lines.map((line) => {
        const why = line && mistake(line, place.dataset["sandbox"] === "yes");
        const name = why.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
        return why ? (place.dataset[name] ?? "").replaceAll("{address}", line) : "";
      });
      help.textContent = told.filter(Boolean).join(" ");
      help.hidden = !help.textContent;
      area.toggleAttribute("aria-invalid", !help.hidden);
    };
    area.addEventListener("change", look);
    area.addEventListener("input", () => help.hidden || look());
  }
}
