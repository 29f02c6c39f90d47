/** The folder that all of these lie in, with its last separator; empty where there is none. */
export function commonRoot(folders: readonly string[]): string {
  let root = folders[0] ?? '';
  for (const folder of folders) while (!inside(root, folder)) root = root.replace(/[/\\][^/\\]*$|^[^/\\]*$/, '');
  return root === '' ? '' : `${root}/`;
}

function inside(root: string, folder: string): boolean {
  return root === '' || folder === root || folder.startsWith(root) && /[/\\]/.test(folder[root.length]!);
}

/** A folder as seen from a root. */
export function within(root: string, folder: string): string {
  return root !== '' && folder.length >= root.length && folder.startsWith(root.slice(0, -1)) ? folder.slice(root.length) : folder;
}
