// Makes package.json the one that is published, before `npm pack` reads it: without its parts that only a clone needs.
// With --restore, afterwards, puts back the one of the clone.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const KEPT = 'out/package.json';

if (process.argv.includes('--restore')) {
  if (existsSync(KEPT)) renameSync(KEPT, 'package.json');
} else {
  const { workspaces, devDependencies, scripts, allowScripts, ...published } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  );
  // Without devDependencies, it is the published one already: an earlier run was stopped, and KEPT is that of the clone.
  if (devDependencies) {
    mkdirSync('out', { recursive: true });
    copyFileSync('package.json', KEPT);
    writeFileSync('package.json', `${JSON.stringify(published, undefined, 2)}\n`);
  }
}
