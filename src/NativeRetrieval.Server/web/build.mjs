// Checks the types and bundles the page: node build.mjs [--to FOLDER] (out beside this file unless it is said).
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const said = process.argv.indexOf('--to');
const to = said < 0 ? join(here, 'out') : resolve(process.argv[said + 1]);

const tsc = join(here, 'node_modules/typescript/bin/tsc');
const types = spawnSync(process.execPath, [tsc, '--noEmit', '-p', here], { stdio: ['ignore', 2, 2] });
if (types.status !== 0) process.exit(1);

rmSync(to, { recursive: true, force: true });
mkdirSync(join(to, 'assets'), { recursive: true });
await build({
  entryPoints: [{ in: join(here, 'src/main.ts'), out: 'app' }, { in: join(here, 'styles.css'), out: 'app' }],
  outdir: join(to, 'assets'), bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none',
});
cpSync(join(here, 'index.html'), join(to, 'index.html'));
cpSync(join(here, 'icon.svg'), join(to, 'assets/icon.svg'));
