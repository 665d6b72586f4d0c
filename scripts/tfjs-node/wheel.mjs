import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { sizeOf } from './size.mjs';

const LIBRARIES = {
  'libtensorflow_cc.so.2': 'libtensorflow.so',
  'libtensorflow_framework.so.2': 'libtensorflow_framework.so',
};

/** Headers move between TensorFlow's versions, so they are picked by pattern; the file names in lib/ are the libraries' own SONAMEs. */
const UNPACK = `
import re, shutil, sys, zipfile
from pathlib import Path
wheel, target = sys.argv[1], Path(sys.argv[2])
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        library = re.fullmatch(r'tensorflow/(libtensorflow_(?:cc|framework)\\.so\\.2)', name)
        header = re.fullmatch(r'tensorflow/include/(tensorflow/c/.*\\.h|.*ctstring.*\\.h|.*tsl_status.*\\.h)', name)
        if library or header:
            path = target / ('lib/' + library[1] if library else 'include/' + header[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, open(path, 'wb') as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
`;

/**
 * Puts libtensorflow out of the pinned PyPI wheel, and a binding built against it, into the cache.
 * @param {{ cache: string, engine: string, status: ReturnType<import('./status.mjs').createStatus> }} options
 *   `engine`: the folder with requirements.txt and the installed JavaScript packages
 * @returns {Promise<string | undefined>} why it could not be done
 */
export async function buildFromWheel({ cache, engine, status }) {
  if (existsSync(cache)) return undefined;
  mkdirSync(join(cache, '..'), { recursive: true });
  const work = mkdtempSync(`${cache}.part-`);
  const removeWork = () => rmSync(work, { recursive: true, force: true });
  process.on('exit', removeWork);
  const failure =
    (await download(work, engine, status)) ??
    (await unpack(work, engine, status)) ??
    (await compile(work, engine, status));
  if (!failure) renameSync(join(work, 'deps'), cache); // all at once: a cache folder that exists is complete
  removeWork();
  return failure;
}

async function download(work, engine, status) {
  status.step('fetching libtensorflow (198 MB, PyPI wheel)', () => `${(sizeOf(work) / 1e6).toFixed(0)} MB`);
  const args = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  args.push('--python-version', '3.11', '--implementation', 'cp');
  args.push('--platform', 'manylinux_2_17_x86_64', '--platform', 'manylinux2014_x86_64');
  args.push('--require-hashes', '--requirement', join(engine, 'requirements.txt'), '--dest', work);
  // pip stages the download in TMPDIR: inside our folder it is seen by the progress line and removed with it.
  const { ok, reason } = await run('python3', args, { cwd: work, env: { ...process.env, TMPDIR: work }, seconds: 900 });
  return ok ? undefined : `pip could not fetch the wheel: ${reason}`;
}

async function unpack(work, engine, status) {
  const deps = join(work, 'deps');
  status.step('unpacking libtensorflow', () => `${(sizeOf(deps) / 1e6).toFixed(0)} MB`);
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
  const { ok, reason } = await run('python3', ['-c', UNPACK, join(work, wheel), deps], { cwd: engine, seconds: 300 });
  if (!ok) return `the wheel could not be unpacked: ${reason}`;
  const lib = join(deps, 'lib');
  for (const [library, link] of Object.entries(LIBRARIES)) {
    if (!existsSync(join(lib, library))) return `the wheel holds no ${library}`;
    symlinkSync(library, join(lib, link));
  }
  // 180 MB less on disk; without binutils they just stay larger.
  await run('strip', ['--strip-unneeded', ...Object.keys(LIBRARIES)], { cwd: lib, seconds: 120 });
  return undefined;
}

async function compile(work, engine, status) {
  status.step("building tfjs-node's binding");
  const deps = join(work, 'deps');
  const binding = join(engine, 'node_modules/@tensorflow/tfjs-node/binding');
  const sources = readdirSync(binding).filter((name) => name.endsWith('.cc'));
  const args = ['-O2', '-shared', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8', '-w'];
  args.push(`-I${join(engine, 'node_modules/node-api-headers/include')}`, `-I${join(deps, 'include')}`);
  args.push(
    ...sources.map((name) => join(binding, name)),
    ...Object.keys(LIBRARIES).map((name) => join(deps, 'lib', name)),
  );
  // tfjs-node looks for its binding in lib/napi-v8 and finds the libraries from there.
  args.push('-Wl,-rpath,$ORIGIN/../../deps/lib', '-o', join(deps, 'tfjs_binding.node'));
  const { ok, reason } = await run('g++', args, { cwd: engine, seconds: 300 });
  return ok ? undefined : `the binding could not be built: ${reason}`;
}
