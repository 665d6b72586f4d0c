/** The documents: code blocks run and print the output shown below them, commands exist, links and error codes are right. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fDivergenceNames, kernels, metrics } from '../src/index.js';
import { root } from './support/dist.js';
import { executeOutside, succeedOutside } from './support/processes.js';

interface Scripts {
  install(folder: string): Promise<string>;
  checkLinks(folder: string): { links: number; dead: string[] };
}
/** A module of `scripts/`, which have no types. */
const script = (name: string) => import(path.join(root, 'scripts', name)) as Promise<Scripts>;

/** A fenced block of a document. */
interface Block {
  readonly document: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** Programs in `js` need packages of their own: bundlers.test.ts runs those of docs/bundlers.md. */
const languages = ['ts', 'js', 'sh', 'text', ''];
const documents = [
  ...[
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'native/README.md',
    'native/cuda/README.md',
    'bench/README.md',
    'bench/ideas.md',
    'test/fixtures/README.md',
    'packages/cluster/README.md',
    'packages/cuda/README.md',
  ],
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const read = (document: string): string => readFileSync(path.join(root, document), 'utf8');

function blocksOf(document: string): Block[] {
  const text = read(document);
  return [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].map(({ index, 2: language, 3: code }) => {
    const line = text.slice(0, index).split('\n').length;
    return { document, line, language: language as string, text: code as string };
  });
}

const blocks = documents.flatMap(blocksOf);
// Within the package, so that they find genmi and its types as a user's project does.
const folder = path.join(root, 'out/documents');
const fileOf = ({ document, line }: Block): string => `${document.replaceAll(/[/.]/g, '-')}-${line}`;

/** Programs with the output that the next block of the document shows. */
const programs = blocks.flatMap((block, i) => {
  const next = blocks[i + 1];
  const output = next?.language === 'text' && next.document === block.document ? next.text : undefined;
  return block.language === 'ts' ? [{ block, name: `${block.document}:${block.line}`, output }] : [];
});

describe('the programs in the documents', () => {
  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // Libraries that only the documents use. Everything else is found in genmi's own node_modules.
    const { install } = await script('tools.mjs');
    symlinkSync(await install('engines/others'), path.join(folder, 'node_modules'));
    for (const { block } of programs) writeFileSync(path.join(folder, `${fileOf(block)}.ts`), block.text);
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: { noEmit: false }, include: ['.'] }),
    );
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are there, and languages are known', () => {
    expect(programs.filter(({ block }) => block.document === 'README.md').length).toBeGreaterThanOrEqual(3);
    for (const { document, line, language } of blocks) expect(languages, `${document}:${line}`).toContain(language);
  });

  it('have right types', async () => {
    const compiler = path.join(root, 'node_modules/.bin/tsc');
    const { code, stdout } = await executeOutside(compiler, ['-p', folder], root);
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });

  it("README's first program is JavaScript, too", async () => {
    const first = programs.find(({ block }) => block.document === 'README.md');
    const file = path.join(folder, 'try.mjs');
    writeFileSync(file, first?.block.text ?? '');
    expect(await succeedOutside(process.execPath, [file], folder)).toBe(first?.output);
  });

  it.each(programs)('$name runs and prints its output', async ({ block, output }) => {
    const printed = await succeedOutside(process.execPath, [path.join(folder, `${fileOf(block)}.js`)], folder);
    if (output !== undefined) expect(printed).toBe(output);
  });
});

/** The places within a document, as GitHub names its headings. */
function placesOf(document: string): string[] {
  const prose = read(document).replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('the commands and links in the documents', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  const workflows = readdirSync(path.join(root, '.github/workflows')).map((name) => `.github/workflows/${name}`);

  it.each([...documents, ...workflows])('exist: %s', (document) => {
    const text = read(document);
    for (const [, name] of text.matchAll(/\bnpm (?:run (?:--silent )?)?(start|test|(?<=run )[\w:-]+)/g))
      expect(scripts, name).toHaveProperty([name as string]);
    for (const [, file] of text.matchAll(/\bnode ((?:scripts|bench|test)\/[\w./-]+)/g))
      expect(existsSync(path.join(root, file as string)), file).toBe(true);
    for (const [, target, place] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const file = target === '' ? document : path.join(path.dirname(document), target as string);
      expect(existsSync(path.join(root, file)), target).toBe(true);
      if (place !== undefined) expect(placesOf(file), `${file}#${place}`).toContain(place);
    }
  });

  const commands = blocks
    .filter(({ document, language }) => document.startsWith('docs/') && language === 'sh')
    .flatMap(({ document, text }) => text.split('\n').flatMap((command) => (command ? [{ document, command }] : [])));

  it.each(commands)('$document: $command runs', async ({ command }) => {
    expect(command).toMatch(/^(\w+=\w+ )?npx genmi /);
    const own = command.replace('npx genmi', `"${process.execPath}" "${path.join(root, 'dist/cli/main.js')}"`);
    await succeedOutside('sh', ['-c', own], root);
  });
});

describe('the page of the registry', () => {
  const packages = ['', ...readdirSync(path.join(root, 'packages')).map((name) => `packages/${name}/`)];

  it.each(packages)('follows each link of %sREADME.md to a file of the repository', async (folder) => {
    const files = (await succeedOutside('git', ['ls-files'], root)).trim().split('\n');
    const { url, directory = '' } = JSON.parse(read(`${folder}package.json`)).repository;
    // The registry resolves a relative link against this address, and the repository serves what is committed.
    const head = `${url.replace(/^git\+|\.git$/g, '')}/blob/HEAD/`;
    expect(path.posix.join(directory, '/')).toBe(path.posix.join(folder, '/'));
    for (const [, target] of read(`${folder}README.md`).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      const { href } = new URL(target as string, `${head}${folder}`);
      expect(files, `${target}: ${href}`).toContain(decodeURIComponent(href.slice(head.length)));
    }
  });
});

describe('the check of links in the site', () => {
  const site = mkdtempSync(path.join(tmpdir(), 'genmi-links-'));
  afterAll(() => rmSync(site, { recursive: true, force: true }));

  it('finds files and places that are missing', async () => {
    const { checkLinks } = await script('links.mjs');
    mkdirSync(path.join(site, 'pages'));
    writeFileSync(
      path.join(site, 'index.html'),
      '<a href="pages/a.html#here">a</a> <a href="https://example.com/">b</a>',
    );
    writeFileSync(
      path.join(site, 'pages/a.html'),
      '<h1 id="here">h</h1> <a href="#here">1</a> <a href="../index.html?q=1">2</a> <script>"<a href=no.html>"</script>',
    );
    expect(checkLinks(site)).toEqual({ links: 3, dead: [] });
    writeFileSync(
      path.join(site, 'pages/b.html'),
      '<a href="c.html">1</a> <img src="no.png"> <a href="a.html#there">2</a> <a href="#x">3</a> <a href="..">4</a>',
    );
    expect(checkLinks(site).dead).toEqual([
      'pages/b.html: no file c.html',
      'pages/b.html: no file no.png',
      'pages/b.html: no place a.html#there',
      'pages/b.html: no place #x',
      'pages/b.html: no file ..',
    ]);
  });
});

describe('the docstrings', () => {
  it('have no line that begins as a quotation of Markdown, such as ">= 0"', () => {
    for (const name of readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.ts')) expect(read(`src/${name}`), name).not.toMatch(/^ *\* >/m);
  });
});

describe('the pages of the site', () => {
  it('are all those in docs/, and the README names each', () => {
    const { projectDocuments } = JSON.parse(read('tools/typedoc.json')) as { projectDocuments: string[] };
    for (const document of documents.filter((name) => name.startsWith('docs/'))) {
      expect(projectDocuments).toContain(`../${document}`);
      expect(read('README.md')).toContain(`](${document})`);
    }
  });
});

describe('README', () => {
  it('names every f-divergence, kernel and metric', () => {
    for (const f of fDivergenceNames) expect(read('README.md')).toContain(`\`'${f}'\``);
    const [, named = ''] = /^## Affinities$([\s\S]*?)^## /m.exec(read('README.md')) ?? [];
    const rows = [...named.matchAll(/^\* `Affinity\.(kernel|distance)`: (.*)\.$/gm)].map(([, kind, names]) => [
      kind,
      names?.split(', '),
    ]);
    expect(Object.fromEntries(rows)).toEqual({ kernel: [...kernels], distance: [...metrics] });
  });
});

describe('the table of error codes', () => {
  it('has a row for each code', () => {
    const type = /type GenmiErrorCode =([\s\S]*?);/.exec(read('src/errors.ts'))?.[1] ?? '';
    const codes = [...type.matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code);
    const rows = [...read('docs/errors.md').matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code);
    expect(rows.sort()).toEqual([...codes, 'ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE'].sort());
  });
});
