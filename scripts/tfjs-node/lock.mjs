import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until this process holds the lock file; the lock is given back when the process ends.
 * @param {string} file
 * @param {() => void} onWait called once when another process holds it
 */
export async function lock(file, onWait) {
  mkdirSync(dirname(file), { recursive: true });
  let announced = false;
  while (!tryLock(file)) {
    if (abandoned(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!announced) onWait();
    announced = true;
    await sleep(200);
  }
  process.on('exit', () => rmSync(file, { force: true }));
}

function tryLock(file) {
  try {
    const handle = openSync(file, 'wx');
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether the owner of a lock is gone. A file without a process number is still being written, unless it stays so. */
function abandoned(file) {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    if (!owner) return Date.now() - statSync(file).mtimeMs > 5000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
