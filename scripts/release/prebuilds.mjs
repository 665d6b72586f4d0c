// Ties the binaries in prebuilds/ to the sources that they were made from, by a record in out/prebuilds.json.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const RECORD = 'out/prebuilds.json';
/** Everything that decides the bytes of a binary: files, and packages of headers. */
const inputs = ['native', 'scripts/prebuild.mjs', 'scripts/prebuild'];
const headers = ['node-addon-api', 'node-api-headers'];

const hashOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A hash of the inputs as they lie in the working tree, committed or not. */
export function sourcesHash(root) {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...inputs], {
    cwd: root,
  });
  const hash = createHash('sha256');
  for (const name of list.toString().split('\0').filter(Boolean).sort()) {
    const file = path.join(root, name);
    if (existsSync(file)) hash.update(`${name}\0${hashOf(file)}\n`);
  }
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  for (const name of headers) hash.update(`${name} ${packages[`node_modules/${name}`]?.integrity}\n`);
  return hash.digest('hex');
}

/** The binaries that the package promises: the targets of its exports `./binary/…`. */
export function promisedBinaries(root) {
  const { exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const entries = Object.entries(exports).filter(([name]) => name.startsWith('./binary/'));
  return entries.map(([, file]) => path.posix.normalize(file));
}

/**
 * Records that these binaries were made of the sources as they are now. The one who makes them calls it.
 * @param {string} root
 * @param {string[]} files relative to the root
 */
export function recordPrebuilds(root, files) {
  const record = readRecord(root);
  const sources = sourcesHash(root);
  for (const file of files) record[file] = { sources, binary: hashOf(path.join(root, file)) };
  mkdirSync(path.join(root, 'out'), { recursive: true });
  writeFileSync(path.join(root, RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
}

function readRecord(root) {
  const file = path.join(root, RECORD);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** A line for each binary that is missing, or that was not made of the sources as they are now. */
export function prebuildFaults(root) {
  const promised = promisedBinaries(root);
  if (promised.length === 0) return ['package.json has no exports ./binary/…'];
  const record = readRecord(root);
  const sources = sourcesHash(root);
  return promised.flatMap((file) => {
    if (!existsSync(path.join(root, file))) return [`${file} is missing: npm run build:prebuilds`];
    if (record[file]?.binary !== hashOf(path.join(root, file)))
      return [`${file} is not the one that npm run build:prebuilds made`];
    return record[file].sources === sources ? [] : [`${file} was made of other sources: npm run build:prebuilds`];
  });
}
