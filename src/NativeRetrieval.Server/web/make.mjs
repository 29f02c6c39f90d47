// Called by the .NET build: installs what the lock file names where that changed, and builds. One run at a time, whatever number of
// builds there are. Exit codes: 0 built, 1 the sources are wrong, 3 npm or its registry is not there.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const option = name => resolve(process.argv[process.argv.indexOf(name) + 1]);
const to = option('--to');
const lock = option('--lock');
const patienceMilliseconds = 10 * 60 * 1000;

await locked(() => {
  // npm writes this file last.
  if (!(time(join(here, 'node_modules/.package-lock.json')) >= time(join(here, 'package-lock.json')))) {
    const stdio = ['ignore', 'inherit', 'inherit'];
    const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, shell: true, stdio });
    if (npm.status !== 0) return 3;
  }
  const built = spawnSync(process.execPath, [join(here, 'build.mjs'), '--to', to], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (built.status !== 0) return 1;
  writeFileSync(join(to, 'built'), '');
  return 0;
});

async function locked(work) {
  const until = Date.now() + patienceMilliseconds;
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (reason) {
      if (reason.code !== 'EEXIST') throw reason;
      if (isAbandoned()) rmSync(lock, { force: true });
      else if (Date.now() > until) throw new Error(`another build holds ${lock}`);
      else await new Promise(done => setTimeout(done, 100));
    }
  }
  try {
    process.exitCode = work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** True where the run that holds the lock was killed. */
function isAbandoned() {
  const holder = Number(read(lock));
  if (!holder) return Date.now() - time(lock) > 5000;
  try {
    process.kill(holder, 0);
    return false;
  } catch (reason) {
    return reason.code === 'ESRCH';
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Milliseconds at which a file was changed; NaN where it is not there. */
function time(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? NaN;
}
