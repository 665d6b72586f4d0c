/** Reads text files as UTF-8, line by line or in chunks, and refuses what is no text. */
import { isUtf8 } from 'node:buffer';
import { failed } from '../errors.js';
import { option } from '../messages.js';
import { type Beginning, chunksOf } from './files.js';

const byteOrderMark = Buffer.of(0xef, 0xbb, 0xbf);
const NEWLINE = 10;

/** Whether a file begins with a byte order mark. */
export const isMarked = ({ bytes }: Beginning) => bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark);

/** The beginning as text, without its last line where more lines follow. */
export function firstLines(beginning: Beginning): string {
  const { bytes, whole } = beginning;
  const end = whole ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1 || bytes.length;
  return bytes.toString('utf8', isMarked(beginning) ? byteOrderMark.length : 0, end);
}

/** The bytes of a text file without its byte order mark. @throws ClusterError ERR_FORMAT unless they are UTF-8 */
export async function* textChunks(file: string, beginning: Beginning, signal?: AbortSignal): AsyncGenerator<Buffer> {
  let toSkip = isMarked(beginning) ? byteOrderMark.length : 0;
  let cut: Buffer = Buffer.alloc(0); // the first bytes of a character that the next chunk completes
  let line = 1;
  for await (const chunk of chunksOf(file, beginning.gzip, signal)) {
    const bytes = (cut.length === 0 ? chunk : Buffer.concat([cut, chunk])).subarray(toSkip);
    toSkip = 0;
    const end = bytes.length - lengthOfCut(bytes);
    cut = bytes.subarray(end);
    const text = bytes.subarray(0, end);
    if (!isUtf8(text) || text.includes(0)) throw notText(file, text, line);
    line += countOfLines(text);
    yield text;
  }
  if (cut.length > 0) throw notText(file, cut, line);
}

/** The lines of a text file that are not blank, with their numbers from 1. @throws ClusterError ERR_FORMAT, ERR_FILE */
export async function* linesOf(
  file: string,
  beginning: Beginning,
  longest: number,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  let parts: Buffer[] = [];
  let length = 0;
  let line = 1;
  const take = (bytes: Buffer) => {
    length += bytes.length;
    if (length > longest) {
      const remedy = ['end each line by a line break', [', or allow more by ', option('longestLine')]];
      throw failed('ERR_FORMAT', `${file}, line ${line}`, `a line of at most ${longest} bytes`, 'a longer one', remedy);
    }
    parts.push(bytes);
  };
  const next = () => {
    const text = Buffer.concat(parts).toString('utf8').trim();
    [parts, length] = [[], 0];
    return { text, line: line++ };
  };
  for await (const chunk of textChunks(file, beginning, signal)) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end));
      start = end + 1;
      const one = next();
      if (one.text !== '') yield one;
    }
    take(chunk.subarray(start));
  }
  const last = next();
  if (last.text !== '') yield last;
}

/** The number of bytes at the end of a chunk that begin a character without completing it. */
function lengthOfCut(bytes: Buffer): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length] as number;
    if (byte >= 0x80 && byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > length ? length : 0;
  }
  return 0;
}

function countOfLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** The error for bytes that are no text; `line` is the line in which they begin. */
function notText(file: string, bytes: Buffer, line: number): Error {
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    const part = bytes.subarray(start, end);
    start = end;
    if (part.includes(0)) {
      const remedy = ['save text of UTF-16 in UTF-8, or name the format by ', option('format')];
      return failed('ERR_FORMAT', `${file}, line ${line}`, 'text in UTF-8', 'a zero byte', remedy);
    }
    if (!isUtf8(part)) break;
  }
  const remedy = 'convert it, such as by `iconv -f latin1 -t utf-8`';
  return failed('ERR_FORMAT', `${file}, line ${line}`, 'text in UTF-8', 'bytes of another encoding', remedy);
}
