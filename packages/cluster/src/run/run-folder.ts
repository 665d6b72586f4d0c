/** The folder of a run: its files are written whole, and nothing is left of a run that failed. */
import { access, constants, mkdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { cannotWrite, writeAtomically } from '../base/atomic-write.js';
import { failed } from '../errors.js';
import { type Assignment, labelsCsv } from './labels-csv.js';

/** A folder that exists and can be written. `RunFolder.open` makes one. */
export class RunFolder {
  readonly #written: string[] = [];

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

  /** Writes any file of the run: whole, or not at all. @throws ClusterError ERR_FILE */
  async write(
    name: string,
    content: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  ): Promise<void> {
    await writeAtomically(path.join(this.path, name), content);
    this.#written.push(name);
  }

  /** Removes the files that this run wrote, and the folders that it made as far as they are empty. */
  async discard(): Promise<void> {
    for (const name of this.#written) await rm(path.join(this.path, name), { force: true });
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
