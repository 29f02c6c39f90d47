const names = ['auto', 'dark', 'light'] as const;
type Theme = typeof names[number];
const stored = 'nativeretrieval.theme';

function read(): Theme {
  const value = localStorage.getItem(stored);
  return names.find(name => name === value) ?? 'auto';
}

function apply(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** Dark, light or the system's, by turns; the choice is kept. */
export function initTheme(button: HTMLButtonElement, changed: () => void): void {
  let theme = read();
  const show = () => {
    apply(theme);
    const said = `Colours: ${theme === 'auto' ? 'as the system' : theme}`;
    button.setAttribute('aria-label', said);
    button.title = said;
  };
  show();
  button.addEventListener('click', () => {
    theme = names[(names.indexOf(theme) + 1) % names.length]!;
    localStorage.setItem(stored, theme);
    show();
    changed();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}
