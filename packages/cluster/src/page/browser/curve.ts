/** The objective over the epochs. */
import type { PageData } from './data.js';
import { colorOf, tooltipStyle, valueAxis } from './theme.js';

declare const echarts: typeof import('echarts');

/** Draws the curve, and returns the function that draws it again. */
export function drawCurve(element: HTMLElement, { name, values }: NonNullable<PageData['history']>): () => void {
  const chart = echarts.init(element);
  new ResizeObserver(() => chart.resize()).observe(element);
  const draw = () =>
    chart.setOption({
      animation: false,
      grid: { left: 60, right: 12, top: 12, bottom: 40 },
      xAxis: { ...valueAxis('epoch', 26), min: 1, max: values.length, minInterval: 1 },
      yAxis: valueAxis('', 30),
      tooltip: { ...tooltipStyle(), trigger: 'axis' },
      series: [
        {
          type: 'line',
          name,
          data: values.map((value, i) => [i + 1, value]),
          symbol: values.length > 60 ? 'none' : 'circle',
          lineStyle: { color: colorOf('accent'), width: 2 },
          itemStyle: { color: colorOf('accent') },
        },
      ],
    });
  draw();
  return draw;
}
