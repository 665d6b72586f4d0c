/** Starts the page. */
import { drawCurve } from './curve.js';
import type { PageData } from './data.js';
import { Filter } from './filter.js';
import { drawImages } from './images.js';
import { RowMap } from './map.js';

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
const map = new RowMap(document.getElementById('map') as HTMLElement, data.map, new Filter());
const curve = document.getElementById('curve');
const drawAgain = curve && data.history ? drawCurve(curve, data.history) : undefined;
drawImages();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  map.draw();
  drawAgain?.();
});
