import type { EChartsOption } from 'echarts';
import * as echarts from 'echarts';
import type { Results } from './results.js';
import type { EpochRecord, EpochSeconds } from './trainer.js';

type History = Results['history'];

// Colours are variables of the page, so that one drawing serves light and dark.
const INK = 'var(--ink)';
const MUTED = 'var(--muted)';
const GRID = 'var(--grid)';
const FIRST = 'var(--first)';
const SECOND = 'var(--second)';
const THIRD = 'var(--third)';

export function drawObjective({ history }: Results): string {
  return draw(400, 240, {
    ...epochAxes(history),
    series: [line(history, 'objective', FIRST, ({ objective }) => objective)],
  });
}

export function drawAri({ history }: Results): string {
  return draw(400, 240, {
    ...epochAxes(history, 'ARI'),
    series: [line(history, 'ARI', FIRST, ({ ari }) => ari)],
  });
}

export function drawEntropies({ history }: Results): string {
  return draw(400, 240, {
    ...epochAxes(history, 'nats', true),
    legend: legend(),
    series: [
      line(history, 'of the proportions', FIRST, ({ entropies }) => entropies.proportions),
      line(history, 'of the predictions', SECOND, ({ entropies }) => entropies.predictions),
    ],
  });
}

export function drawLearningRate({ history }: Results): string {
  return draw(400, 240, {
    ...epochAxes(history, '', true),
    series: [line(history, 'learning rate', FIRST, ({ learningRate }) => learningRate)],
  });
}

export function drawSeconds({ history }: Results): string {
  const bars = (name: string, color: string, part: keyof EpochSeconds) => ({
    type: 'bar' as const,
    name,
    stack: 'epoch',
    barMaxWidth: 28,
    itemStyle: { color },
    data: history.map(({ seconds }) => Number(seconds[part].toFixed(3))),
  });
  return draw(400, 240, {
    ...epochAxes(history, 'seconds', true),
    legend: legend(),
    series: [
      bars('network', FIRST, 'network'),
      bars('objective', SECOND, 'objective'),
      bars('update', THIRD, 'update'),
    ],
  });
}

/** Draws digits against clusters, in the digits' order. A cell's strength is its share of the digit's images. */
export function drawConfusion({ confusion, digitOfCluster }: Results): string {
  const order = clusterOrder(digitOfCluster);
  const perDigit = confusion.map((row) => row.reduce((total, count) => total + count, 0));
  const data = confusion.flatMap((row, digit) =>
    order.map((k, column) => {
      const share = row[k] / Math.max(perDigit[digit], 1);
      return {
        value: [column, digit, share],
        label: { formatter: `${row[k]}`, color: share > 0.6 ? 'var(--on-first)' : INK },
      };
    }),
  );
  const axis = (name: string, names: string[]) => ({ ...categoryAxis(name, names), axisLine: { show: false } });
  return draw(560, 430, {
    color: [FIRST],
    grid: { left: 48, right: 8, top: 8, bottom: 48 },
    xAxis: axis('cluster', order.map(String)),
    yAxis: { ...axis('digit', Object.keys(confusion)), inverse: true },
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { opacity: [0.06, 1] } },
    series: [
      {
        type: 'heatmap',
        data,
        label: { show: order.length <= 20, fontSize: 11, opacity: 1 },
        itemStyle: { borderColor: 'var(--page)', borderWidth: 2 },
      },
    ],
  });
}

/** Sorts clusters by their digits; clusters without a digit are last. */
export function clusterOrder(digitOfCluster: readonly number[]): number[] {
  const rank = (k: number) => (digitOfCluster[k] < 0 ? Number.POSITIVE_INFINITY : digitOfCluster[k]);
  return digitOfCluster.map((_, k) => k).sort((a, b) => (rank(a) === rank(b) ? a - b : rank(a) - rank(b)));
}

function epochAxes(history: History, name = '', fromZero = false): EChartsOption {
  return {
    grid: { left: 52, right: 12, top: 36, bottom: 40 },
    xAxis: categoryAxis(
      'epoch',
      history.map((record) => `${record.epoch}`),
    ),
    yAxis: {
      type: 'value',
      scale: !fromZero,
      name,
      nameTextStyle: { color: MUTED, align: 'right' },
      axisLabel: { color: MUTED },
      splitLine: { lineStyle: { color: GRID } },
    },
  };
}

function categoryAxis(name: string, data: string[]) {
  return {
    type: 'category' as const,
    data,
    name,
    nameLocation: 'middle' as const,
    nameGap: 26,
    nameTextStyle: { color: MUTED },
    axisLabel: { color: MUTED },
    axisLine: { lineStyle: { color: GRID } },
    axisTick: { show: false },
  };
}

function line(history: History, name: string, color: string, read: (epoch: EpochRecord) => number) {
  return {
    type: 'line' as const,
    name,
    data: history.map((epoch) => Number(read(epoch).toPrecision(5))),
    symbolSize: 6,
    symbol: history.length > 60 ? 'none' : 'circle',
    lineStyle: { color, width: 2 },
    itemStyle: { color },
  };
}

function legend() {
  return { top: 0, right: 20, icon: 'circle', itemWidth: 9, itemHeight: 9, itemGap: 20, textStyle: { color: INK } };
}

/** Renders to SVG without a browser; the drawing scales with its place on the page. */
function draw(width: number, height: number, option: EChartsOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option });
  const svg = chart.renderToSVGString({ useViewBox: true });
  chart.dispose();
  return svg.replace(/ xmlns(:\w+)?="[^"]*"/g, ''); // HTML needs no name spaces, and the page names no address
}
