// Building the page from code: elements with attributes, listeners and children. Text is always text, never markup.

/** @typedef {Node | string | null | false} Child */
/** @typedef {Record<string, string | number | boolean | null | ((event: any) => void)>} Properties */

/**
 * An element. A function property is a listener (`onclick`), `true` an empty attribute, `null` and `false` none.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

/**
 * @param {Element} parent
 * @param {...(Child | Child[])} children its only children from now on
 */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat().filter((child) => child !== null && child !== false));
}
