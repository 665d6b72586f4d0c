/** Which type a column of numbers or of texts has, and the reason in words. */
import { failed } from '../errors.js';
import { option } from '../messages.js';
import { booleanOf, dateOf } from './cells.js';
import type { Column, ColumnType, LevelColumn, VectorColumn } from './table.js';

/** A category has FEW_LEVELS levels at most, or MOST_LEVELS where each has two rows in the mean. */
const FEW_LEVELS = 10;
const MOST_LEVELS = 100;
/** Longer cells are text, although no two of them may be equal. */
const LONGEST_ID = 64;
/** Fewer rows cannot show that a column counts them. */
const FEWEST_COUNTED = 3;

const idNames = /^(?:id|uuid|guid|index|rowid|row_?names?|unnamed: 0)$|[_\s.-]id$/i;

/** Whether a name says that the column names rows: `id`, `customer_id`, `customerId`, `index`. */
const isNamedId = (name: string) => idNames.test(name) || /[a-z0-9]I[dD]$/.test(name);

export function countMissing(values: ArrayLike<number>): number {
  let missing = 0;
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) missing++;
  return missing;
}

/** A column of numbers: a number, an id, or the type that was asked for. */
export function numberColumn(name: string, values: Float64Array, wanted?: ColumnType): Column {
  const missing = countMissing(values);
  if (wanted === 'category' || wanted === 'text') return asTexts(name, values, missing, wanted);
  if (wanted === 'id') return { type: 'id', name, missing, values, reason: 'as asked for' };
  if (wanted === 'number') return { type: 'number', name, missing, values, reason: 'as asked for' };
  if (wanted !== undefined) throw cannotBe(name, wanted, 'numbers');
  const id = reasonOfNumericId(name, values, missing);
  if (id !== undefined) return { type: 'id', name, missing, values, reason: id };
  return { type: 'number', name, missing, values, reason: missing === values.length ? 'no values' : 'numbers' };
}

function reasonOfNumericId(name: string, values: Float64Array, missing: number): string | undefined {
  if (missing > 0) return undefined;
  if (isNamedId(name) && values.every(Number.isInteger)) return 'whole numbers, named like an id';
  if (values.length < FEWEST_COUNTED || !Number.isInteger(values[0])) return undefined;
  const first = values[0] as number;
  return values.every((value, i) => value === first + i) ? `whole numbers counting up from ${first}` : undefined;
}

function asTexts(name: string, values: Float64Array, missing: number, type: 'category' | 'text'): LevelColumn {
  const levels: string[] = [];
  const codeOf = new Map<number, number>();
  const codes = Int32Array.from(values, (value) => {
    if (Number.isNaN(value)) return -1;
    let code = codeOf.get(value);
    if (code === undefined) {
      code = levels.push(String(value)) - 1;
      codeOf.set(value, code);
    }
    return code;
  });
  return { type, name, missing, levels, codes, reason: 'as asked for' };
}

/** A column of texts: booleans, dates, categories, ids or text, or the type that was asked for. */
export function textColumn(name: string, levels: readonly string[], codes: Int32Array, wanted?: ColumnType): Column {
  let missing = 0;
  for (const code of codes) if (code === -1) missing++;
  const base = { name, missing, levels, codes };
  if (wanted === 'category' || wanted === 'text' || wanted === 'id')
    return { ...base, type: wanted, reason: 'as asked for' };
  const converted = [asBooleans(name, levels, codes, missing), asDates(name, levels, codes, missing)].find(
    (column) => column !== undefined && (wanted === undefined || column.type === wanted),
  );
  if (wanted !== undefined && converted === undefined) throw cannotBe(name, wanted, 'texts');
  return converted ?? { ...base, ...typeOfTexts(name, levels, codes.length - missing) };
}

function asBooleans(name: string, levels: readonly string[], codes: Int32Array, missing: number) {
  const spellings = levels.map(booleanOf);
  if (spellings.includes(undefined)) return undefined;
  const values = codes.map((code) => (code === -1 ? -1 : Number(spellings[code] === 'true')));
  const column: LevelColumn = {
    ...{ type: 'boolean', name, missing, reason: 'true and false' },
    ...{ levels: ['false', 'true'], codes: values },
  };
  return column;
}

function asDates(name: string, levels: readonly string[], codes: Int32Array, missing: number): Column | undefined {
  const times = levels.map(dateOf);
  if (times.some(Number.isNaN)) return undefined;
  const values = Float64Array.from(codes, (code) => times[code] ?? Number.NaN);
  return { type: 'date', name, missing, values, reason: 'dates' };
}

/** `present` entries have a value. */
function typeOfTexts(name: string, levels: readonly string[], present: number): Pick<LevelColumn, 'type' | 'reason'> {
  const long = levels.some((level) => level.length > LONGEST_ID || level.includes('\n'));
  if (isNamedId(name)) return { type: 'id', reason: 'named like an id' };
  if (levels.length === present && present >= FEWEST_COUNTED)
    return long ? { type: 'text', reason: 'long texts' } : { type: 'id', reason: 'each text occurs once' };
  if (levels.length <= FEW_LEVELS || (levels.length <= MOST_LEVELS && 2 * levels.length <= present))
    return { type: 'category', reason: `${levels.length} different texts` };
  return { type: 'text', reason: `${levels.length} different texts in ${present} rows` };
}

/** Vectors of the given shape, row after row. */
export function vectorColumn(
  name: string,
  values: Float32Array | Float64Array,
  shape: readonly number[],
  reason: string,
): VectorColumn {
  const length = shape.reduce((product, size) => product * size, 1);
  let missing = 0;
  for (let start = 0; start < values.length; start += length) {
    let j = 0;
    while (j < length && Number.isNaN(values[start + j])) j++;
    if (j === length) missing++;
  }
  return { type: 'vector', name, missing, length, shape, values, reason };
}

export function cannotBe(name: string, wanted: ColumnType, found: string): Error {
  const remedy = ['leave the column out of ', option('types'), ' to read it as it is'];
  const place = { argument: 'types', rest: `['${name}']` };
  return failed('ERR_COLUMN', place, `a type that a column of ${found} can have`, `'${wanted}'`, remedy);
}
