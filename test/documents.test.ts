/** The documents: code blocks run and print the output shown below them, commands exist, error codes are explained. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './support/dist.js';
import { executeOutside, succeedOutside } from './support/processes.js';

/** A fenced block of a document. */
interface Block {
  readonly document: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

const languages = ['ts', 'sh', 'text', ''];
const documents = [
  ...[
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'native/README.md',
    'bench/README.md',
    'bench/ideas.md',
    'test/fixtures/README.md',
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
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const { block } of programs) writeFileSync(path.join(folder, `${fileOf(block)}.ts`), block.text);
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: { noEmit: false }, include: ['.'] }),
    );
  });
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

  it.each(programs)('$name runs and prints its output', async ({ block, output }) => {
    const printed = await succeedOutside(process.execPath, [path.join(folder, `${fileOf(block)}.js`)], folder);
    if (output !== undefined) expect(printed).toBe(output);
  });
});

describe('the commands in the documents', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  it.each(documents)('exist: %s', (document) => {
    const text = read(document);
    for (const [, name] of text.matchAll(/\bnpm (?:run (?:--silent )?)?(start|test|(?<=run )[\w:-]+)/g))
      expect(scripts, name).toHaveProperty([name as string]);
    for (const [, script] of text.matchAll(/\bnode ((?:scripts|bench|test)\/[\w./-]+)/g))
      expect(existsSync(path.join(root, script as string)), script).toBe(true);
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g))
      expect(existsSync(path.join(root, path.dirname(document), target as string)), target).toBe(true);
  });
});

describe('the table of error codes', () => {
  it('has a row for each code', () => {
    const type = /type GenmiErrorCode =([\s\S]*?);/.exec(read('src/errors.ts'))?.[1] ?? '';
    const codes = [...type.matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code);
    const rows = [...read('README.md').matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code);
    expect(rows.sort()).toEqual([...codes, 'ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE'].sort());
  });
});
