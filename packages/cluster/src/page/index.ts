/** The report of a clustering as a page. */
export type { PageFeature, PageInput } from './input.js';
export { renderPage } from './page.js';
