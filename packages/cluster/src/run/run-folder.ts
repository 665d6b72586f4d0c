/** The folder of a run: its files come into their places together, and a run that failed leaves the folder as it was. */
import { access, constants, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { cannotWrite, inFolder, type WrittenFile, writeBeside } from '../base/atomic-write.js';
import { type Assignment, labelsCsv } from './labels-csv.js';

/** A folder that exists and can be written. `RunFolder.open` makes one; `keep` or `discard` ends its use. */
export class RunFolder {
  readonly #written: WrittenFile[] = [];

  /** The outermost folder that was made for the run; undefined where all were there. */
  #made: string | undefined;

  private constructor(readonly path: string) {}

  /**
   * Makes the folder where it is not there, and tries before a long run whether it can be written.
   *
   * @throws ClusterError ERR_FILE
   */
  static async open(folder: string): Promise<RunFolder> {
    const run = new RunFolder(folder);
    run.#made = await inFolder(folder, () => access(folder, constants.W_OK).catch(cannotWrite(folder)));
    return run;
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
    const made = await inFolder(this.path, async () =>
      this.#written.push(await writeBeside(path.join(this.path, name), content)),
    );
    this.#made ??= made;
  }

  /** Puts all files that were written in their places. @throws ClusterError ERR_FILE */
  async keep(): Promise<void> {
    for (let file = this.#written.shift(); file !== undefined; file = this.#written.shift()) await file.put();
  }

  /** Removes the files that are not in their places, and the folders that the run made as far as they are empty. */
  async discard(): Promise<void> {
    for (const file of this.#written) await file.drop();
    if (this.#made === undefined) return;
    for (let folder = path.resolve(this.path); ; folder = path.dirname(folder)) {
      const removed = await rmdir(folder).then(
        () => true,
        () => false, // not empty: files of somebody else
      );
      if (!removed || folder === path.resolve(this.#made)) return;
    }
  }
}
