// Makes the binaries that are published, on any Linux machine: `node scripts/prebuild.mjs [target …]`; without a name, all.
// CONTRIBUTING.md tells more under "Prebuilt binaries".
import { buildAddon } from './prebuild/addon.mjs';
import { checkBinaries } from './prebuild/checks.mjs';
import { fileOf, targets } from './prebuild/targets.mjs';
import { root } from './prebuild/tools.mjs';
import { recordPrebuilds } from './release/prebuilds.mjs';

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in targets));
if (unknown.length > 0) {
  console.error(`prebuild: expected ${Object.keys(targets).join(', ')}; received ${unknown.join(', ')}`);
  process.exit(2);
}
const names = asked.length > 0 ? asked : Object.keys(targets);
try {
  for (const name of names) {
    await buildAddon(targets[name], fileOf(name));
    const [{ bytes }] = checkBinaries([name]);
    recordPrebuilds(root, [fileOf(name)]);
    console.log(`${fileOf(name)}: ${(bytes / 1e6).toFixed(2)} MB`);
  }
} catch (error) {
  console.error(`prebuild: ${error.stderr || error.message}`); // zig's own words, where it failed
  process.exit(1);
}
