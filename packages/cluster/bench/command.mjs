/** Runs the command line as a user does, and measures it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Prints the processor time and the largest memory of a process at its end. */
const report = 'process.on("exit", () => console.error(JSON.stringify(process.resourceUsage())))';

/** `fit`, from its start to its end: seconds, processor seconds, the largest memory in MB, clusters used and ARI. */
export function fit(file, folder, choice) {
  const args = [
    '--import',
    `data:text/javascript,${report}`,
    command,
    'fit',
    file,
    ...choice,
    '--json',
    '--out',
    folder,
  ];
  const start = performance.now();
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const seconds = (performance.now() - start) / 1e3;
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(stderr.trim().split('\n').at(-1));
  const { clusters, ari } = JSON.parse(stdout);
  const processor = (userCPUTime + systemCPUTime) / 1e6;
  return { seconds, processor, megabytes: maxRSS / 1024, clusters: clusters.used, ari };
}
