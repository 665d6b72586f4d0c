/** The scripts of the page, to be written into it: echarts, and the page's own. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The modules of `browser/` in the order in which they need each other. */
const modules = ['escape', 'theme', 'filter', 'map', 'curve', 'images', 'main'];

/** echarts with the charts that the page has; it names its licence. */
export const chartLibrary = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('echarts/dist/echarts.common.min.js'), 'utf8');

/** The page's own modules as one: they import each other alone, and no two export the same name. */
export function pageScript(): string {
  const texts = modules.map((name) => readFileSync(new URL(`browser/${name}.js`, import.meta.url), 'utf8'));
  return texts
    .map((text) => text.replaceAll(/^(?:import .*|export \{.*|\/\/# source.*)$/gm, '').replaceAll(/^export /gm, ''))
    .join('\n');
}
