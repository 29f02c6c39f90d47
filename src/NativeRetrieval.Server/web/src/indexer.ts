import { button, byId, el, icon, iconButton } from './dom';
import { count, duration, length, plural } from './format';
import type { Indexing, Run } from './indexing';
import type { Library } from './library';

/** The entry "Index" at the head of the page, and the dialog behind it: what runs, what came of it, and how to begin and cancel. */
export class Indexer {
  readonly #dialog = byId<HTMLDialogElement>('indexing');
  readonly #label = el('span', {}, 'Index');
  readonly #entry = el('button', { type: 'button', id: 'index', 'aria-haspopup': 'dialog', hidden: true }, icon('index'), this.#label);
  readonly #facts = el('p', { class: 'about' });
  readonly #bar = el('progress', { 'aria-label': 'Files looked at', max: 1, value: 0 });
  readonly #amounts = el('p', { class: 'amounts' });
  readonly #path = el('p', { class: 'about' });
  readonly #result = el('p', { class: 'result' });
  readonly #summary = el('summary');
  readonly #reasons = el('ul', { tabindex: 0, 'aria-label': 'Refused files' });
  readonly #refused = el('details', {}, this.#summary, this.#reasons);
  readonly #begin = button('Bring up to date', 'index', () => void this.#start(), { class: 'main' });
  readonly #cancel = button('Cancel', 'close', () => void this.indexing.cancel());
  /** What screen readers are told: in the dialog while it is open, else beside it. */
  readonly #said = el('p', { class: 'unseen', role: 'status' });
  readonly #saidInside = el('p', { class: 'unseen', role: 'status' });
  #quarter = -1;

  constructor(tools: HTMLElement, readonly indexing: Indexing, readonly library: Library) {
    tools.append(this.#entry, this.#said);
    this.#entry.addEventListener('click', () => this.open());
    this.#dialog.append(
      iconButton('Close', 'close', () => this.#dialog.close(), { class: 'corner' }), el('h2', { id: 'indexing-title' }, 'Index'),
      this.#facts,
      el('p', {}, 'Reads what is new or changed in the server’s folders of sounds, and takes out what is gone. '
        + 'Searches go on meanwhile, and so does the run when this page is closed.'),
      this.#bar, this.#amounts, this.#path, this.#result, this.#refused,
      el('div', { class: 'answers' }, this.#cancel, this.#begin), this.#saidInside);
    this.#dialog.addEventListener('click', event => { if (event.target === this.#dialog) this.#dialog.close(); });
    this.indexing.changed = ended => this.#show(ended);
    this.#show(false);
  }

  /** Shows the entry where the server may index, and what runs there already. */
  allow(): void {
    if (!this.library.canUpdate || !this.#entry.hidden) return;
    this.#entry.hidden = false;
    void this.indexing.resume();
  }

  open(): void {
    if (this.#entry.hidden || this.#dialog.open) return;
    this.#dialog.showModal();
    this.#show(false);
    (this.indexing.isRunning ? this.#cancel : this.#begin).focus();
  }

  /** Says the library's size anew. */
  refresh(): void {
    const { info, facts } = this.library;
    this.#facts.textContent = info ? `${info.name}: ${facts}` : '';
  }

  async #start(): Promise<void> {
    const { info } = this.library;
    if (!info) return;
    this.#quarter = -1;
    this.#say('Indexing has begun.');
    await this.indexing.begin(info.name);
  }

  #show(ended: boolean): void {
    const { run, isRunning } = this.indexing;
    this.refresh();
    this.#showRun(run, isRunning);
    // A control that goes away hands on the keys.
    const [shown, gone] = isRunning ? [this.#cancel, this.#begin] : [this.#begin, this.#cancel];
    const hadFocus = document.activeElement === gone;
    shown.hidden = false;
    gone.hidden = true;
    this.#cancel.disabled = run?.cancelling ?? false;
    if (hadFocus) shown.focus();
    this.#showEntry(run, isRunning, ended);
    if (ended) this.#say(run!.result);
    else if (isRunning) this.#sayQuarter(run!);
  }

  #showRun(run: Run | undefined, isRunning: boolean): void {
    const { progress } = run ?? {};
    for (const part of [this.#bar, this.#amounts, this.#path]) part.hidden = !isRunning;
    this.#bar.value = progress && progress.total > 0 ? progress.done / progress.total : 0;
    this.#amounts.textContent = run?.state === 'lost' ? 'The server does not answer. Asking again.'
      : run?.cancelling ? 'Cancelling: the file at hand is finished first.'
        : progress && progress.total > 0 ? amountsOf(progress) : 'Looking for sounds.';
    this.#path.textContent = progress?.path ? progress.path.split(/[\\/]/).at(-1)! : '';
    this.#path.title = progress?.path ?? '';
    this.#result.textContent = run?.result ?? '';
    this.#result.hidden = this.#result.textContent === '';
    this.#result.classList.toggle('failed', run?.state === 'failed');
    const refused = run?.refused ?? [];
    this.#refused.hidden = refused.length === 0;
    const all = run?.refusedInAll ?? refused.length;
    this.#summary.textContent = all > refused.length ? `The first ${count(refused.length)} of ${plural(all, 'refused file')}`
      : `${plural(all, 'file')} refused`;
    if (refused.length < this.#reasons.childElementCount) this.#reasons.replaceChildren();
    this.#reasons.append(...refused.slice(this.#reasons.childElementCount).map(reason => el('li', {}, reason)));
  }

  /** The entry tells how far it is, and then what came of it until somebody looks. */
  #showEntry(run: Run | undefined, isRunning: boolean, ended: boolean): void {
    this.#entry.classList.toggle('running', isRunning);
    const share = run?.progress?.total ? Math.floor(100 * run.progress.done / run.progress.total) : 0;
    if (isRunning) this.#label.replaceChildren(el('span', { class: 'long' }, 'Indexing '), `${share} %`);
    else if (ended && !this.#dialog.open) this.#label.textContent = run!.state === 'failed' ? 'Indexing failed' : run!.result;
    else if (this.#dialog.open || !run) this.#label.textContent = 'Index';
  }

  #sayQuarter({ progress }: Run): void {
    if (!progress || progress.total === 0) return;
    const quarter = Math.floor(4 * progress.done / progress.total);
    if (quarter <= this.#quarter || quarter === 4) return;
    this.#quarter = quarter;
    if (quarter > 0) this.#say(`${25 * quarter} % of ${plural(progress.total, 'file')} indexed.`);
  }

  #say(text: string): void {
    (this.#dialog.open ? this.#saidInside : this.#said).textContent = text;
  }
}

/** Files, length, rate and time left in one line. */
function amountsOf({ done, total, seconds, elapsed_seconds }: NonNullable<Run['progress']>): string {
  const parts = [`${count(done)} of ${plural(total, 'file')}`];
  if (seconds > 0) parts.push(`${length(seconds)} of sound`);
  if (done > 0 && elapsed_seconds > 0) {
    const rate = done / elapsed_seconds;
    parts.push(rate >= 1 ? `${count(Math.round(rate))} files/s` : `${(60 * rate).toFixed(rate >= 1 / 6 ? 0 : 1)} files/min`);
    if (done < total) parts.push(`${duration(elapsed_seconds * (total - done) / done)} left`);
  }
  return parts.join(' · ');
}
