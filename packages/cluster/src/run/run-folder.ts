/** The folder of a run: its files come into their places together, and a run that failed leaves the folder as it was. */
import { access, constants, mkdir, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { cannotWrite, type WrittenFile, writeBeside } from '../base/atomic-write.js';
import { failed } from '../errors.js';
import { type Assignment, labelsCsv } from './labels-csv.js';

/** A folder that exists and can be written. `RunFolder.open` makes one; `keep` or `discard` ends its use. */
export class RunFolder {
  readonly #written: WrittenFile[] = [];

  private constructor(
    readonly path: string,
    /** The outermost folder that was made for the run; undefined where all were there. */
    readonly made: string | undefined,
  ) {}

  /**
   * Makes the folder where it is not there, and tries before a long run whether it can be written.
   *
   * @throws ClusterError ERR_FILE
   */
  static async open(folder: string): Promise<RunFolder> {
    const made = await mkdir(folder, { recursive: true }).catch(cannotWrite(folder));
    await access(folder, constants.W_OK).catch(cannotWrite(folder));
    if (!(await stat(folder)).isDirectory())
      throw failed('ERR_FILE', folder, 'a folder', 'a file', 'choose another name');
    return new RunFolder(folder, made);
  }

  /** Writes `labels.csv`. @throws ClusterError ERR_FILE; RangeError ERR_OUT_OF_RANGE for lengths that differ */
  async writeLabels(assignment: Assignment, name = 'labels.csv'): Promise<void> {
    await this.write(name, labelsCsv(assignment));
  }

  /** Writes `results.json`, indented. @throws ClusterError ERR_FILE */
  async writeResults(results: Readonly<Record<string, unknown>>, name = 'results.json'): Promise<void> {
    await this.write(name, [`${JSON.stringify(results, null, 2)}\n`]);
  }

  /** Writes any file of the run. @throws ClusterError ERR_FILE */
  async write(
    name: string,
    content: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  ): Promise<void> {
    this.#written.push(await writeBeside(path.join(this.path, name), content));
  }

  /** Puts all files that were written in their places. @throws ClusterError ERR_FILE */
  async keep(): Promise<void> {
    for (let file = this.#written.shift(); file !== undefined; file = this.#written.shift()) await file.put();
  }

  /** Removes the files that are not in their places, and the folders that the run made as far as they are empty. */
  async discard(): Promise<void> {
    for (const file of this.#written) await file.drop();
    if (this.made === undefined) return;
    for (let folder = path.resolve(this.path); ; folder = path.dirname(folder)) {
      const removed = await rmdir(folder).then(
        () => true,
        () => false, // not empty: files of somebody else
      );
      if (!removed || folder === path.resolve(this.made)) return;
    }
  }
}
