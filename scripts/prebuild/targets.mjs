// The machines that genmi is published for, by the compiler's names, and where node-gyp-build looks for their binaries.

const elf = ['-Wl,--version-script=scripts/prebuild/exports.map', '-Wl,-z,now', '-Wl,--gc-sections'];
const machO = ['-undefined', 'dynamic_lookup', '-Wl,-install_name,@rpath/genmi.node', '-Wl,-dead_strip'];
const pe = ['-Wl,--gc-sections'];

export const targets = {
  'linux-x64-glibc': { triple: 'x86_64-linux-gnu.2.17', link: elf, parts: [] },
  'linux-x64-musl': { triple: 'x86_64-linux-musl', link: elf, parts: [] },
  'linux-arm64-glibc': { triple: 'aarch64-linux-gnu.2.17', link: elf, parts: [] },
  'linux-arm64-musl': { triple: 'aarch64-linux-musl', link: elf, parts: [] },
  'darwin-x64': { triple: 'x86_64-macos.11.0', link: machO, parts: [] },
  'darwin-arm64': { triple: 'aarch64-macos.11.0', link: machO, parts: [] },
  'win32-x64': { triple: 'x86_64-windows-gnu', link: pe, parts: ['windows_host.c'] },
  'win32-arm64': { triple: 'aarch64-windows-gnu', link: pe, parts: ['windows_host.c'] },
};

/** 'prebuilds/linux-x64/genmi.musl.node', and 'prebuilds/darwin-x64/genmi.node' where there is one C library. */
export function fileOf(name) {
  const [platform, arch, libc] = name.split('-');
  return `prebuilds/${platform}-${arch}/${['genmi', libc, 'node'].filter(Boolean).join('.')}`;
}
