/** Reads one cell of text: a number, a date, or nothing. */

/** The cells that mean a missing value, unless `missing` names others. */
export const missingCells: readonly string[] = [
  ...['', '?', 'NA', 'N/A', 'n/a', '#N/A', '#NA', '<NA>'],
  ...['NaN', 'nan', '-NaN', '-nan', 'NULL', 'null', 'None'],
];

/** float64 keeps every whole number of this many digits. */
const EXACT_DIGITS = 15;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const numberInText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinity = /^([+-]?)inf(?:inity)?$/i;

/**
 * The number that a cell holds, or NaN where it holds none.
 *
 * Whole numbers that begin with 0 ('007', '01234'), that have more digits than float64 keeps, or that are hexadecimal are
 * codes, not numbers.
 */
export function numberOf(text: string, decimal: '.' | ','): number {
  if (decimal === '.' && text.length <= EXACT_DIGITS && beginsPlainly(text)) return Number(text);
  const trimmed = text.trim();
  if (infinity.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity;
  if (decimal === ',' && trimmed.includes('.')) return Number.NaN;
  const plain = decimal === ',' ? trimmed.replace(',', '.') : trimmed;
  return numberInText.test(plain) && !isCode(plain) ? Number(plain) : Number.NaN;
}

/** Whether a whole number loses something as a number: a zero in front, or digits at its end. */
const isCode = (text: string): boolean =>
  /^[+-]?0\d/.test(text) || (text.length > EXACT_DIGITS && /^-?\d+$/.test(text) && String(Number(text)) !== text);

/** Whether a digit other than 0, or "0." comes first, perhaps after a sign. Number() reads most cells, and all these, right. */
function beginsPlainly(text: string): boolean {
  const first = text.charCodeAt(0);
  const start = first === MINUS ? 1 : 0;
  const digit = start === 0 ? first : text.charCodeAt(1);
  return (digit > ZERO && digit <= NINE) || (digit === ZERO && text.charCodeAt(start + 1) === POINT);
}

const isoDate =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds since 1970 of a date in ISO 8601, in UTC where it names no zone; NaN for any other text. */
export function dateOf(text: string): number {
  const parts = isoDate.exec(text);
  if (parts === null) return Number.NaN;
  const [, year, month, day] = parts.map(Number) as [number, number, number, number];
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return Number.NaN;
  if (text.length === 10) return Date.parse(text);
  const time = text
    .replace(' ', 'T')
    .replace(',', '.')
    .replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  return Date.parse(/(?:Z|[+-]\d{2}:\d{2})$/.test(time.slice(10)) ? time : `${time}Z`);
}

/** 'true' or 'false' for the spellings of a boolean; undefined for any other text. */
export function booleanOf(text: string): 'true' | 'false' | undefined {
  if (text === 'true' || text === 'True' || text === 'TRUE') return 'true';
  if (text === 'false' || text === 'False' || text === 'FALSE') return 'false';
  return undefined;
}
