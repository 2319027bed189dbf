// Copying an invitation's address. Without this people select and copy it themselves.

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button.copy"))) {
  const input = /** @type {HTMLInputElement} */ (button.parentElement?.querySelector("input[data-link]"));
  button.hidden = false;
  button.addEventListener("click", async () => {
    input.select();
    await navigator.clipboard.writeText(input.value);
    const before = button.textContent;
    button.textContent = button.dataset["copied"] ?? "";
    setTimeout(() => (button.textContent = before), 2000);
  });
}
