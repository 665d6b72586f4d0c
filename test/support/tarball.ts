/** The package as it is published: packed from a copy of the repository, with the binaries that are there. */
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { root } from './dist.js';
import { succeedOutside } from './processes.js';

/** The file of this machine's binary within the package. */
export const prebuilt = `prebuilds/${process.platform}-${process.arch}/genmi${process.platform === 'linux' ? '.glibc' : ''}.node`;

const notPacked = ['.git', '.cache', 'dist', 'engines', 'examples', 'node_modules', 'out', 'tools', 'vendor'];

export interface Packed {
  file: string;
  size: number;
  files: string[];
}

/** Packs into a folder. A clone without prebuilt binaries packs the one that it compiled. */
export async function pack(folder: string): Promise<Packed> {
  const source = path.join(folder, 'source');
  mkdirSync(source);
  for (const name of readdirSync(root)) {
    if (notPacked.includes(name)) continue;
    // With their times: an addon that is newer than its sources is not compiled again.
    cpSync(path.join(root, name), path.join(source, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(source, 'node_modules'));
  if (!existsSync(path.join(source, prebuilt))) {
    mkdirSync(path.dirname(path.join(source, prebuilt)), { recursive: true });
    copyFileSync(path.join(root, 'build/Release/genmi.node'), path.join(source, prebuilt));
  }
  const output = await succeedOutside('npm', ['pack', '--json', '--pack-destination', folder], source);
  // An array of packages; since npm 12, an object of them.
  const packages = JSON.parse(output.slice(output.search(/^[[{]/m))) as Record<
    string,
    { filename: string; size: number; files: { path: string }[] }
  >;
  const [packed] = Object.values(packages) as [(typeof packages)[string]];
  return {
    file: path.join(folder, packed.filename),
    size: packed.size,
    files: packed.files.map((each) => each.path).sort(),
  };
}
