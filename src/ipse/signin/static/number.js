// Names of countries in the language of the page, in its order. Without this the list shows their two letters.

const list = /** @type {HTMLSelectElement} */ (document.getElementById("country"));
const language = document.documentElement.lang;
const names = new Intl.DisplayNames([language], { type: "region" });
const chosen = list.value;
const options = [...list.options];
for (const option of options) {
  option.textContent = `${names.of(option.value) ?? option.value} (+${option.dataset["code"] ?? ""})`;
}
options.sort((one, other) => one.text.localeCompare(other.text, language));
list.replaceChildren(...options);
list.value = chosen;
