/** The colours of the page, which follow the light or dark setting of the browser. */

export const colorOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** An axis of numbers. */
export const valueAxis = (name: string, nameGap: number) => ({
  type: 'value' as const,
  scale: true,
  name,
  nameLocation: 'middle' as const,
  nameGap,
  nameTextStyle: { color: colorOf('muted') },
  axisLabel: { color: colorOf('muted'), hideOverlap: true },
  axisLine: { show: false, onZero: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: colorOf('grid') } },
});

/** The look of the text beside the pointer. */
export const tooltipStyle = () => ({
  backgroundColor: colorOf('card'),
  borderColor: colorOf('grid'),
  textStyle: { color: colorOf('ink'), fontSize: 13 },
  confine: true,
});
