// Finds dead links within a folder of HTML pages: files that are missing, and places that a page does not have.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * @param {string} folder
 * @returns {{ links: number, dead: string[] }} the number of links that were followed, and a line for each dead one
 */
export function checkLinks(folder) {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  const places = new Map();
  const placesOf = (file) => {
    if (!places.has(file)) places.set(file, new Set(attributes(file, 'id|name')));
    return places.get(file);
  };
  const dead = [];
  let links = 0;
  for (const page of pages) {
    const file = path.join(folder, page);
    for (const link of attributes(file, 'href|src')) {
      if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(link)) continue;
      links += 1;
      const [address, place] = link.split('#');
      const [target] = address.split('?');
      const found = target === '' ? file : path.join(path.dirname(file), decodeURIComponent(target));
      if (!existsSync(found) || !statSync(found).isFile()) dead.push(`${page}: no file ${link}`);
      else if (place && found.endsWith('.html') && !placesOf(found).has(decodeURIComponent(place)))
        dead.push(`${page}: no place ${link}`);
    }
  }
  return { links, dead };
}

/** The values of some attributes in the tags of a page. Text and scripts have no tags: there, `<` is written `&lt;`. */
function attributes(file, names) {
  const text = readFileSync(file, 'utf8').replaceAll(/<script\b[^>]*>[^<]*<\/script>/g, '');
  const tags = text.match(/<[a-z][^>]*>/gi) ?? [];
  const pattern = new RegExp(`\\s(?:${names})="([^"]*)"`, 'g');
  return tags.flatMap((tag) => [...tag.matchAll(pattern)].map(([, value]) => value.replaceAll('&amp;', '&')));
}
