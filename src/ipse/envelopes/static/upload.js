// Bringing files: dropped or chosen, sent with a progress bar. Without this the form sends itself.

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.drop"))) {
  const zone = /** @type {HTMLElement} */ (form.querySelector(".zone"));
  const input = /** @type {HTMLInputElement} */ (form.querySelector('input[type="file"]'));
  const news = /** @type {HTMLElement} */ (form.querySelector(".drop-news"));
  const progress = /** @type {HTMLProgressElement} */ (form.querySelector(".drop-progress"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const list = /** @type {HTMLElement} */ (form.querySelector(".drop-files"));
  const choose = /** @type {HTMLElement} */ (form.querySelector(".zone .button"));
  const first = choose.textContent;
  const words = /** @type {Record<string, string | undefined>} */ (form.dataset);

  /** @param {string} text @param {boolean} bad */
  const tell = (text, bad) => {
    news.textContent = text;
    news.classList.toggle("bad", bad);
  };

  /** What is wrong with the chosen files before any is sent; empty: nothing. */
  const wrong = () => {
    const large = [...(input.files ?? [])].find((file) => file.size > Number(words["bytes"]));
    return large ? (words["large"] ?? "").replace("{name}", large.name) : "";
  };

  const chosen = () => {
    const why = wrong();
    const files = [...(input.files ?? [])];
    list.replaceChildren(
      ...files.map((file) => {
        const line = document.createElement("li");
        line.textContent = file.name;
        return line;
      }),
    );
    choose.textContent = files.length ? (choose.dataset["others"] ?? "") : first;
    tell(why, Boolean(why));
  };

  const fail = (/** @type {string} */ text) => {
    progress.hidden = true;
    button.disabled = false;
    tell(text, true);
  };

  const send = () => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Ipse-Script", "1");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      progress.value = event.loaded / event.total;
      if (event.loaded === event.total) tell(words["looking"] ?? "", false);
    });
    request.addEventListener("error", () => fail(words["broken"] ?? ""));
    request.addEventListener("load", () => {
      /** @type {{to?: string, problem?: string}} */
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // Not ours: signed out meanwhile, or something in between. The page itself will say.
        return location.reload();
      }
      if (answer.to) return location.assign(answer.to);
      fail(answer.problem ?? words["broken"] ?? "");
    });
    button.disabled = true;
    progress.value = 0;
    progress.hidden = false;
    tell(words["sending"] ?? "", false);
    request.send(new FormData(form));
  };

  // The browser's own button speaks the browser's language: ours takes its place, and the whole zone is the input.
  choose.hidden = false;
  zone.classList.add("live");
  input.addEventListener("change", chosen);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const why = wrong();
    if (why) return tell(why, true);
    send();
  });
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    const files = event.dataTransfer?.files;
    if (!files?.length) return;
    input.files = files;
    chosen();
  });
}
