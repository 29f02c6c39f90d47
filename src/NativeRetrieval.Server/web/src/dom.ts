/** The element of this id, which index.html holds. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no element "${id}"`);
  return found as T;
}

type Attributes = Record<string, string | number | boolean | undefined>;

/** A new element. An attribute that is false or undefined is left out, one that is true is empty. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  element.append(...children);
  return element;
}

const svg = 'http://www.w3.org/2000/svg';

/** One of the symbols in index.html, drawn in the text's colour and silent to screen readers. */
export function icon(name: string): SVGSVGElement {
  const picture = document.createElementNS(svg, 'svg');
  picture.setAttribute('class', 'icon');
  picture.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(svg, 'use');
  use.setAttribute('href', `#icon-${name}`);
  picture.append(use);
  return picture;
}

export function button(label: string, iconName: string, action: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el('button', { type: 'button', ...attributes }, icon(iconName), el('span', {}, label));
  made.addEventListener('click', action);
  return made;
}

/** A button that shows its icon alone; the label is its name and its tooltip. */
export function iconButton(label: string, iconName: string, action: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el('button', { type: 'button', 'aria-label': label, title: label, ...attributes }, icon(iconName));
  made.addEventListener('click', action);
  return made;
}

/** True while keys belong to a field that takes text, or to a control that has keys of its own. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
