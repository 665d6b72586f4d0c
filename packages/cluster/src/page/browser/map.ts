/** The map of rows: hover names a row, a click filters its cluster, arrow keys go from row to row. */
import type { ECharts } from 'echarts';
import type { MapData, MapPoint } from './data.js';
import { escapeHtml } from './escape.js';
import type { Filter } from './filter.js';
import { colorOf, tooltipStyle, valueAxis } from './theme.js';

declare const echarts: typeof import('echarts');

export class RowMap {
  readonly #data: MapData;
  readonly #filter: Filter;
  readonly #chart: ECharts;
  #focus = -1;

  constructor(element: HTMLElement, data: MapData, filter: Filter) {
    this.#data = data;
    this.#filter = filter;
    this.#chart = echarts.init(element);
    this.#chart.on('click', ({ seriesIndex }) => filter.toggle(seriesIndex));
    filter.onChange(() => this.draw());
    new ResizeObserver(() => this.#chart.resize()).observe(element);
    element.addEventListener('keydown', (event) => this.#onKey(event));
    this.draw();
  }

  draw(): void {
    const chosen = this.#filter.cluster;
    this.#chart.setOption({
      animation: false,
      grid: { left: 44, right: 12, top: 12, bottom: 40 },
      xAxis: valueAxis(this.#data.axes[0], 26),
      yAxis: valueAxis(this.#data.axes[1], 30),
      tooltip: { ...tooltipStyle(), formatter: (params: unknown) => this.#describe(params as Place) },
      series: this.#data.clusters.map(({ color, points }, k) => {
        const shown = chosen === undefined || chosen === k;
        return {
          type: 'scatter' as const,
          data: points.map(({ at }) => [...at]),
          symbolSize: points.length > 1000 ? 4 : 7,
          silent: !shown,
          z: shown ? 3 : 2,
          itemStyle: { color: shown ? color : colorOf('muted'), opacity: shown ? 0.75 : 0.12 },
          emphasis: { itemStyle: { borderColor: colorOf('ink'), borderWidth: 1.5, opacity: 1 } },
        };
      }),
    });
  }

  #describe({ seriesIndex, dataIndex }: Place): string {
    const point = this.#data.clusters[seriesIndex].points[dataIndex];
    const certainty = point.certainty === undefined ? '' : `, ${(100 * point.certainty).toFixed(0)} % certain`;
    const cells = point.cells.map((cell, c) => `${escapeHtml(this.#data.columns[c])}: ${escapeHtml(cell)}`);
    return [`<b>${escapeHtml(point.name)}</b>`, `cluster ${seriesIndex}${certainty}`, ...cells].join('<br>');
  }

  /** Arrow keys go to the next row from left to right, Enter filters its cluster. */
  #onKey(event: KeyboardEvent): void {
    const places = this.#placesFromLeft();
    if (event.key === 'Enter' && this.#focus >= 0) {
      const { seriesIndex } = places[Math.min(this.#focus, places.length - 1)];
      this.#focus = -1;
      this.#filter.toggle(seriesIndex);
      return;
    }
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined || places.length === 0) return;
    event.preventDefault();
    this.#focus = (this.#focus + step + places.length) % places.length;
    this.#chart.dispatchAction({ type: 'showTip', ...places[this.#focus] });
  }

  #placesFromLeft(): Place[] {
    const chosen = this.#filter.cluster;
    const places = this.#data.clusters.flatMap(({ points }, seriesIndex) =>
      chosen === undefined || chosen === seriesIndex
        ? points.map((point, dataIndex) => ({ seriesIndex, dataIndex, point }))
        : [],
    );
    return places.sort((a, b) => a.point.at[0] - b.point.at[0]);
  }
}

interface Place {
  readonly seriesIndex: number;
  readonly dataIndex: number;
  readonly point: MapPoint;
}
