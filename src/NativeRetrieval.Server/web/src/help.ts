import { byId, el, iconButton } from './dom';

const keys: [string, string][] = [
  ['/', 'to the search field'],
  ['↓ or Enter, in the field', 'to the hits'],
  ['↑ ↓ or k j', 'move; what plays moves along'],
  ['Page Up, Page Down, Home, End', 'move further'],
  ['Space', 'play from the hit’s time, pause'],
  ['Enter', 'the recording’s timeline with every hit in it'],
  ['S', 'find sounds like this one'],
  ['X', 'pick for export; Shift with X picks all that are loaded'],
  ['← →', 'in the timeline: a second back or forth, five with Shift'],
  ['[ ]', 'in the timeline: the hit before, the next hit'],
  ['+ − 0', 'in the timeline: zoom in, out, all of it'],
  ['I', 'bring the index up to date, where the server may'],
  ['Escape', 'close, or back to the search field'],
  ['?', 'these keys'],
];

const ways: [string, string][] = [
  ['rain on a roof; wind', 'two sentences, both count'],
  ['engine; not music', 'engine, and nothing that is or says music'],
  ['bell; wind *0.5', 'wind counts half; *-1 leads away from it'],
];

function table(rows: [string, string][], tag: 'kbd' | 'code'): HTMLElement {
  return el('dl', {}, ...rows.flatMap(([term, meaning]) => [el('dt', {}, el(tag, {}, term)), el('dd', {}, meaning)]));
}

export function showKeys(): void {
  const dialog = byId<HTMLDialogElement>('keys');
  if (dialog.childElementCount === 0) {
    dialog.append(
      iconButton('Close', 'close', () => dialog.close(), { class: 'corner' }),
      el('h2', { id: 'keys-title' }, 'Keys'), table(keys, 'kbd'),
      el('h2', {}, 'What to write'), table(ways, 'code'));
    dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  }
  if (!dialog.open) dialog.showModal();
}

/** Asks for the server's key; undefined where the person would rather not. */
export function askKey(): Promise<string | undefined> {
  const dialog = byId<HTMLDialogElement>('key');
  const field = el('input', { type: 'password', id: 'key-field', autocomplete: 'off' });
  const accept = el('button', { type: 'button', class: 'main' }, 'Continue');
  const decline = el('button', { type: 'button' }, 'Not now');
  dialog.replaceChildren(
    el('h2', { id: 'key-title' }, 'This server asks for its key'),
    el('label', { for: 'key-field' }, 'The key that the server was started with; it stays in this tab.'),
    field, el('div', { class: 'answers' }, decline, accept));
  return new Promise(resolve => {
    let key: string | undefined;
    const take = () => {
      key = field.value.trim() || undefined;
      dialog.close();
    };
    accept.addEventListener('click', take);
    decline.addEventListener('click', () => dialog.close());
    field.addEventListener('keydown', event => { if (event.key === 'Enter') take(); });
    dialog.addEventListener('close', () => resolve(key), { once: true });
    dialog.showModal();
  });
}
