/** A column of a printed table; the first is aligned to the left, the others to the right. */
export interface Column<Row> {
  readonly title: string;
  readonly width: number;
  readonly text: (row: Row) => string;
}

export function tableHead<Row>(columns: readonly Column<Row>[]): string {
  return line(columns, (column) => column.title);
}

export function tableLine<Row>(columns: readonly Column<Row>[], row: Row): string {
  return line(columns, (column) => column.text(row));
}

function line<Row>(columns: readonly Column<Row>[], text: (column: Column<Row>) => string): string {
  return columns
    .map((column, i) => (i === 0 ? text(column).padEnd(column.width) : text(column).padStart(column.width)))
    .join(' ');
}

/** A number with three significant digits, never in exponential notation. */
export function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}

export const milliseconds = (seconds: number): string => number(1000 * seconds);

/** A figure beside its target: `25 >= 20` where the target is met, `12 < 20 !` where it is missed. */
export function against(value: number, target: number | undefined, sense: 'at least' | 'at most'): string {
  if (target === undefined) return number(value);
  const reached = sense === 'at least' ? value >= target : value <= target;
  const [sign, opposite] = sense === 'at least' ? ['>=', '<'] : ['<=', '>'];
  return `${number(value)} ${reached ? sign : opposite} ${target}${reached ? '' : ' !'}`;
}
