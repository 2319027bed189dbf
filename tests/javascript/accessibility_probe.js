// Runs inside a page of the app: says what does not meet WCAG 2.2 AA there. One expression, a function.

() => {
  /** @param {Element} element */
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  /** @param {string} text */
  const numbers = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);

  /** @param {number[]} colour @returns {number} relative luminance */
  const luminance = (colour) => {
    const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  /** @param {Element | null} element @returns {number[] | null} null where a picture lies behind */
  const ground = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(each);
      if (backgroundImage !== "none") return null;
      const colour = numbers(backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };

  /** @param {Element} element */
  const contrast = (element) => {
    const behind = ground(element);
    if (behind === null) return null;
    const both = [luminance(numbers(getComputedStyle(element).color)), luminance(behind)];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  };

  /** @param {Element} element */
  const isLarge = (element) => {
    const { fontSize, fontWeight } = getComputedStyle(element);
    return parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && Number(fontWeight) >= 700);
  };

  /** @param {HTMLElement} element */
  const named = (element) => {
    const labels = element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.labels : null;
    return (element.getAttribute("aria-label") ?? labels?.[0]?.textContent ?? element.textContent ?? "").trim() !== "";
  };

  const wrong = [];
  for (const element of document.querySelectorAll("button, a, input, select, textarea")) {
    if (!(element instanceof HTMLElement) || !shown(element) || element.classList.contains("unseen")) continue;
    const { width, height } = element.getBoundingClientRect();
    if (!named(element)) wrong.push(`4.1.2 no name: ${element.outerHTML}`);
    if (width < 24 || height < 24) wrong.push(`2.5.8 too small: ${element.outerHTML}`);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (element === null || !walker.currentNode.textContent?.trim()) continue;
    if (!shown(element) || element.closest(".unseen, option")) continue;
    const found = contrast(element);
    if (found !== null && found < (isLarge(element) ? 3 : 4.5)) {
      wrong.push(`1.4.3 contrast ${found.toFixed(2)}: ${element.outerHTML}`);
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("1.4.10 wider than the screen");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("1.3.1 not exactly one heading of the first level");
  if (document.documentElement.lang === "") wrong.push("3.1.1 no language");
  return wrong;
};
