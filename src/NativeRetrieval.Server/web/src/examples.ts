import { el, iconButton } from './dom';
import { time } from './format';
import type { Example } from './state';
import type { Store } from './store';

const weights: [number, string][] = [[1, 'like'], [0.5, 'a little like'], [-1, 'unlike']];

/** Sounds searched by, each with how much it counts, before the words in the field. */
export function showExamples(box: HTMLElement, store: Store): void {
  const { examples } = store.state;
  box.hidden = examples.length === 0;
  box.replaceChildren(...examples.map((example, i) => {
    const change = (next: Example[]) => store.push({ examples: examples.toSpliced(i, 1, ...next), current: 0 });
    const name = example.at === undefined ? example.name : `${example.name} ${time(example.at)}`;
    const pill = el('li', {});
    if (!example.own) {
      const isKnown = weights.some(([weight]) => weight === example.weight);
      const known = isKnown ? weights : [...weights, [example.weight, `like × ${example.weight}`] as const];
      const weight = el('select', { 'aria-label': `How much ${name} counts` },
        ...known.map(([value, text]) => el('option', { value, selected: value === example.weight }, text)));
      weight.addEventListener('change', () => change([{ ...example, weight: Number(weight.value) }]));
      pill.append(weight);
    } else {
      pill.append('like');
    }
    pill.append(el('b', { title: name }, name), iconButton(`Search without ${name}`, 'close', () => change([])));
    return pill;
  }));
}
