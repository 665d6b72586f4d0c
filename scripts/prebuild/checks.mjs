// What must hold of every binary that is published, read from the binary itself.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeApiFunctions } from './addon.mjs';
import { fileOf } from './targets.mjs';
import { execute, python, root } from './tools.mjs';

const MOST_BYTES = 2e6;
const nodeApi = new Set(nodeApiFunctions());
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** The libraries that each system has in every installation; of the processor, the name that the format has for it. */
const systems = {
  'linux-x64-glibc': {
    machine: 'X86_64',
    needs: /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux-x86-64\.so\.2)$/,
    newest: '2.17',
  },
  'linux-x64-musl': { machine: 'X86_64', needs: /^libc\.so$/ },
  'linux-arm64-glibc': {
    machine: 'AARCH64',
    needs: /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux-aarch64\.so\.1)$/,
    newest: '2.17',
  },
  'linux-arm64-musl': { machine: 'AARCH64', needs: /^libc\.so$/ },
  'darwin-x64': { machine: 'X86_64', needs: /^\/usr\/lib\/libSystem\.B\.dylib$/, newest: '11.0' },
  'darwin-arm64': { machine: 'ARM64', needs: /^\/usr\/lib\/libSystem\.B\.dylib$/, newest: '11.0', signed: true },
  'win32-x64': { machine: 'AMD64', needs: /^(kernel32|ntdll|api-ms-win-crt-\w+-l1-1-0)\.dll$/i },
  'win32-arm64': { machine: 'ARM64', needs: /^(kernel32|ntdll|api-ms-win-crt-\w+-l1-1-0)\.dll$/i },
};

/** The size of each target's binary in bytes; throws a list of everything that is wrong. */
export function checkBinaries(names) {
  const files = names.map((name) => path.join(root, fileOf(name)));
  const script = fileURLToPath(new URL('inspect.py', import.meta.url));
  const facts = JSON.parse(execute(python(), [script, ...files]));
  const sizes = files.map((file) => readFileSync(file).length);
  const wrong = names.flatMap((name, i) => faultsOf(name, facts[i], readFileSync(files[i])));
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return names.map((name, i) => ({ name, bytes: sizes[i] }));
}

/** Sentences about one binary. */
function faultsOf(name, facts, bytes) {
  const { machine, needs, newest, signed = false } = systems[name];
  const faults = [];
  const expect = (holds, text) => holds || faults.push(`${name}: ${text}`);
  expect(bytes.length <= MOST_BYTES, `expected at most ${MOST_BYTES} bytes, received ${bytes.length}`);
  expect(facts.machine === machine, `expected code for ${machine}, received ${facts.machine}`);
  expect(
    String(facts.exports.sort()) === String(EXPORTS),
    `expected the exports ${EXPORTS}, received ${facts.exports}`,
  );
  for (const name of facts.host) expect(nodeApi.has(name), `needs ${name}, which is not in Node-API 8`);
  for (const library of facts.needs) expect(needs.test(library), `needs ${library}`);
  for (const version of facts.versions) expect(isWithin(version, newest), `needs ${version}, newer than ${newest}`);
  expect(facts.stripped, 'has symbols for a debugger');
  expect(!signed || facts.signed, 'has no signature, which macOS asks for on arm64');
  for (const trace of [root, '.cache/', 'node_modules']) expect(!bytes.includes(trace), `names the folder ${trace}`);
  return faults;
}

/** Whether a version such as GLIBC_2.17 or macOS_11.0 is at most `newest`. */
function isWithin(version, newest) {
  const [, ...numbers] = /_(\d+)\.(\d+)/.exec(version) ?? [];
  const [most, minor] = (newest ?? '0.0').split('.');
  return numbers.length === 2 && (Number(numbers[0]) - Number(most) || Number(numbers[1]) - Number(minor)) <= 0;
}
