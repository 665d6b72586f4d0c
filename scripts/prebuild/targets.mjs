// The machines that genmi is published for, by the compiler's names, and where src/loader.ts looks for their binaries.

// nodelete: threads end with destructors of the C++ library, after a worker's end may have unloaded the addon.
const elf = ['-Wl,--version-script=scripts/prebuild/exports.map', '-Wl,-z,now', '-Wl,-z,nodelete', '-Wl,--gc-sections'];
const machO = ['-undefined', 'dynamic_lookup', '-Wl,-install_name,@rpath/genmi.node', '-Wl,-dead_strip', '-Wl,-x'];
const macOs = { link: machO, parts: ['macos_operators.cpp'], finish: 'finish_macos.py' };
const pe = ['-Wl,--gc-sections'];

/**
 * Levels of optimisation. zig takes the -O3 of native/flags.txt for -O2. A true -O3 makes the kernels of arm64 up to 10 % faster;
 * those for AVX-512 become 25 % larger by it, for which there is no room. Each binary stays below its limit of 2 MB by smaller code
 * where time is not spent: in the kernels for x86-64 without AVX2, and outside of the kernels in all files but those with loops
 * over samples or arcs. Binaries for Windows have tables for each function, and leave loops for AVX-512 as they are.
 */
const x64 = { 'native/simd/baseline.cpp': '-Oz' };
const windowsX64 = { ...x64, 'native/simd/avx512.cpp': '-fno-unroll-loops' };
const arm64 = { 'native/simd/baseline.cpp': '-O3' };

const filesWithLoops = [
  /^native\/affinity\/(\w+_product|dense_affinity|hop_search|pair_selection|pairwise|pairwise_terms|rows|sample_features)\.cpp$/,
  /^native\/networks\/(dense|network|optimizer|product|steps)\.cpp$/,
  /^native\/objectives\/(density_ratios|mmd|panel_\w+)\.cpp$/,
  /^native\/transport\/(\w+_simplex|costs|coarse_costs|duals|gather|matrix_minimum|sinkhorn|spanning_tree|successive_paths|warm_start)\.cpp$/,
  /^native\/simd\//,
];

/** Files whose loops become vectors, without the unrolling that makes them large: these loops wait for memory, or most time is in kernels. */
const filesWithSmallLoops = [
  /^native\/affinity\/(neighbors|principal_projections)\.cpp$/,
  /^native\/mixtures\/pass\.cpp$/,
  /^native\/objectives\/(discrepancy|predictions)\.cpp$/,
  /^native\/networks\/samples\.cpp$/,
];

/** The level, or another option of optimisation, for one file of a target; undefined for that of native/flags.txt. */
export function levelOf({ levels }, source) {
  if (filesWithSmallLoops.some((files) => files.test(source))) return '-Os';
  if (source.startsWith('native/node/')) return '-Oz';
  return levels[source] ?? (filesWithLoops.some((files) => files.test(source)) ? undefined : '-Oz');
}

export const targets = {
  'linux-x64-glibc': { triple: 'x86_64-linux-gnu.2.17', link: elf, levels: x64, parts: [] },
  'linux-x64-musl': {
    triple: 'x86_64-linux-musl',
    compile: ['-fPIC'],
    link: elf,
    levels: x64,
    parts: [],
  },
  'linux-arm64-glibc': { triple: 'aarch64-linux-gnu.2.17', link: elf, levels: arm64, parts: [] },
  'linux-arm64-musl': {
    triple: 'aarch64-linux-musl',
    compile: ['-fPIC'],
    link: elf,
    levels: arm64,
    parts: [],
  },
  'darwin-x64': { triple: 'x86_64-macos.11.0', ...macOs, levels: x64 },
  'darwin-arm64': { triple: 'aarch64-macos.11.0', ...macOs, levels: arm64 },
  'win32-x64': { triple: 'x86_64-windows-gnu', link: pe, levels: windowsX64, parts: ['windows_host.c'] },
  'win32-arm64': { triple: 'aarch64-windows-gnu', link: pe, levels: arm64, parts: ['windows_host.c'] },
};

/** 'prebuilds/linux-x64/genmi.musl.node', and 'prebuilds/darwin-x64/genmi.node' where there is one C library. */
export function fileOf(name) {
  const [platform, arch, libc] = name.split('-');
  return `prebuilds/${platform}-${arch}/${['genmi', libc, 'node'].filter(Boolean).join('.')}`;
}
