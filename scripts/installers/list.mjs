// The installers, and how each is called: words of its own after its program, or after Node where it has none.
//   install  installs genmi into the project
//   genmi    runs the command `genmi`
//   script   runs a program of the project
//   usual    lines of its output that are no fault
// Yarn 4 and deno refuse packages published today, unless told otherwise. Yarn 4 warns of any ES module.

const npm = {
  install: ['bin/npm-cli.js', 'install', '--ignore-scripts', 'genmi'],
  genmi: ['bin/npx-cli.js', 'genmi'],
};

export const installers = {
  'npm-12': { ...npm, install: ['bin/npm-cli.js', 'install', 'genmi'] },
  'pnpm-12': { install: ['bin/pnpm.mjs', 'add', 'genmi'], genmi: ['bin/pnpm.mjs', 'exec', 'genmi'] },
  'npm-11': npm,
  'npm-10': npm,
  'pnpm-10': { install: ['bin/pnpm.cjs', 'add', 'genmi'], genmi: ['bin/pnpm.cjs', 'exec', 'genmi'] },
  'yarn-1': {
    install: ['bin/yarn.js', 'add', '--ignore-scripts', 'genmi'],
    genmi: ['bin/yarn.js', '--silent', 'genmi'],
    usual: /^warning Ignored scripts due to flag\.$/,
  },
  'yarn-4': {
    install: ['bin/yarn.js', 'add', 'genmi'],
    genmi: ['bin/yarn.js', 'genmi'],
    script: ['bin/yarn.js', 'node', 'program.mjs'],
    usual: /^➤ YN0000: · Done with warnings/,
  },
  bun: { program: 'bin/bun', install: ['add', 'genmi'], genmi: ['x', 'genmi'], script: ['program.mjs'] },
  deno: {
    program: 'deno',
    install: ['add', '--minimum-dependency-age=0', 'npm:genmi'],
    genmi: ['run', '-A', '--minimum-dependency-age=0', 'npm:genmi'],
    script: ['run', '-A', '--minimum-dependency-age=0', 'program.mjs'],
  },
};

/** The command `genmi` without a project, by the newest npm. */
export const commands = {
  npx: { genmi: ['bin/npx-cli.js', '--yes', 'genmi'] },
  'npm -g': { install: ['bin/npm-cli.js', 'install', '--global', 'genmi'], genmi: ['genmi'] },
};
