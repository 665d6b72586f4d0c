// Builds what makes allocations fail (test/support/faults/faults.cpp), and tells where it is: out/faults/faults.node.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = path.join(root, 'test/support/faults/faults.cpp');
const built = path.join(root, 'out/faults/faults.node');

/** The file, built where it is older than its source; undefined where there is no compiler, or another system than Linux. */
export function buildFaults() {
  if (process.platform !== 'linux') return undefined;
  if (existsSync(built) && statSync(built).mtimeMs > statSync(source).mtimeMs) return built;
  mkdirSync(path.dirname(built), { recursive: true });
  const { include_dir } = createRequire(import.meta.url)('node-api-headers');
  const own = `${built}.${process.pid}`;
  const headers = [include_dir, path.join(root, 'native'), path.join(root, 'native/include')].flatMap((folder) => [
    '-I',
    folder,
  ]);
  const options = ['-std=c++20', '-O1', '-fPIC', '-shared', '-Wall', '-Wextra', '-DNAPI_VERSION=8', ...headers];
  const { status, error, stderr } = spawnSync('c++', [...options, source, '-o', own, '-ldl'], { encoding: 'utf8' });
  if (error?.code === 'ENOENT') return undefined;
  if (status !== 0) throw new Error(`faults.cpp: ${stderr}`);
  renameSync(own, built); // whole at once, for whoever builds at the same time
  return built;
}
