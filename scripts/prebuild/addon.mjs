// The addon for one target: compiled, linked, and put in its place.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { levelOf } from './targets.mjs';
import { execute, python, root, zig } from './tools.mjs';

const require = createRequire(import.meta.url);
const linesOf = (file) => readFileSync(path.join(root, file), 'utf8').trim().split('\n');
export const sources = linesOf('native/sources.txt');

/** Where packages have their headers. A binary names the package, and no folder of this machine. */
const headers = { 'node-addon-api': '.', 'node-api-headers': 'include' };

export function headerFlags() {
  return Object.entries(headers).flatMap(([name, inside]) => {
    const folder = path.resolve(path.dirname(require.resolve(`${name}/package.json`)), inside);
    return ['-isystem', folder, `-ffile-prefix-map=${folder}=${name}`];
  });
}

const compileFlags = [
  ...linesOf('native/flags.txt'),
  ...['-fexceptions', '-fomit-frame-pointer', '-g0', `-ffile-prefix-map=${root}=`],
  ...['-I', 'native', '-I', 'native/include'],
];

/** On Windows, functions of Node-API are reached through pointers. */
const importFlags = (source, { parts }) =>
  parts.includes('windows_host.c') && source.startsWith('native/node/') ? ['-DBUILDING_NODE_EXTENSION'] : [];

/** A function that throws nothing needs no tables for exceptions, which macOS and Windows want of every function. */
const tableFlags = ({ link }) => (link.includes('-Wl,-z,now') ? ['-Xclang', '-funwind-tables=0'] : []);

/** The options of one source beside those of all. */
function ownFlags(target, source) {
  const level = levelOf(target, source);
  return [
    ...(target.compile ?? []),
    ...(level ? ['-Xclang', level] : []),
    ...importFlags(source, target),
    ...tableFlags(target),
  ];
}

const compileWith = (target, more, own, args) =>
  zig(['c++', '-target', target.triple, ...compileFlags, ...more, ...own, ...args]);

/** So many sources with the same options are worth standard headers of their own. */
const WORTH_HEADERS = 8;

/** Compiles the standard headers for sources with the same options; returns the arguments that include them. */
async function precompile(target, folder, more, own, sources) {
  if (sources < WORTH_HEADERS) return [];
  const options = createHash('sha256')
    .update([...more, ...own].join(' '))
    .digest('hex');
  const file = path.join(folder, `standard-${options.slice(0, 16)}.pch`);
  mkdirSync(path.join(root, folder), { recursive: true });
  await compileWith(target, more, own, ['-x', 'c++-header', 'native/standard.h', '-o', file]);
  return ['-include-pch', file];
}

/** Compiles sources of C++ for a target into `folder`; returns the objects, in the order of the sources. */
export async function compile(target, folder, files, more = []) {
  const groups = new Map();
  for (const source of files) {
    const own = ownFlags(target, source);
    const group = groups.get(own.join(' ')) ?? { own, sources: [] };
    group.sources.push(source);
    groups.set(own.join(' '), group);
  }
  const objectOf = (source) => path.join(folder, `${source}.o`);
  const compileGroup = async ({ own, sources }) => {
    const headers = await precompile(target, folder, more, own, sources.length);
    const one = (source) => {
      mkdirSync(path.dirname(path.join(root, objectOf(source))), { recursive: true });
      return compileWith(target, more, own, [...headers, '-c', source, '-o', objectOf(source)]);
    };
    await Promise.all(sources.map(one));
  };
  await Promise.all([...groups.values()].map(compileGroup));
  return files.map(objectOf);
}

/** The names of all functions of Node-API, in the version of native/flags.txt. */
export function nodeApiFunctions() {
  const { js_native_api_symbols: values, node_api_symbols: node } = require('node-api-headers').symbols.v8;
  return [...values, ...node];
}

/** Sources that take the place of parts of a library: for every target, and more for some. */
async function compileParts({ triple, parts, compile: own = [] }, folder) {
  return Promise.all(
    ['no_demangler.c', 'exception_memory.cpp', ...parts].map(async (name) => {
      const object = path.join(folder, `${name}.o`);
      const functions = nodeApiFunctions().map((each) => `each(${each})`);
      const options = [
        '-O2',
        '-g0',
        '-fvisibility-global-new-delete=force-hidden',
        ...own,
        `-DNODE_API_FUNCTIONS(each)=${functions.join(' ')}`,
      ];
      await zig([
        name.endsWith('.c') ? 'cc' : 'c++',
        '-target',
        triple,
        ...options,
        '-c',
        `scripts/prebuild/${name}`,
        '-o',
        object,
      ]);
      return object;
    }),
  );
}

/** Builds the addon for `target` as `file`. */
export async function buildAddon(target, file, folder = `out/prebuild/${target.triple}`) {
  const objects = await Promise.all([compile(target, folder, sources, headerFlags()), compileParts(target, folder)]);
  const linked = path.join(folder, 'genmi.node');
  await zig(['c++', '-target', target.triple, '-shared', '-s', ...target.link, ...objects.flat(), '-o', linked]);
  if (target.finish) execute(python(), [`scripts/prebuild/${target.finish}`, linked], { cwd: root });
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  renameSync(path.join(root, linked), path.join(root, file)); // whole at once: a process that has the old one keeps it
}
