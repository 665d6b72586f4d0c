/** The model of a run as a file: the way from a table to features, and the fitted estimator. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ReadOptions, Transformation } from '../data/index.js';
import { describe, failed } from '../errors.js';
import type { SavedModel } from '../estimators/index.js';

const MODEL_FILE = 'model.json';
const FORMAT = 'genmi-cluster model';
const VERSION = 1;

/** Everything that `predict` needs. */
export interface RunModel {
  /** How the file of fit was read, as far as it was said. */
  readonly reading: Pick<ReadOptions, 'format' | 'types' | 'separator' | 'decimal' | 'header' | 'missing'>;
  /** The column that names the rows. */
  readonly id?: string;
  readonly transformation: Transformation;
  readonly estimator: SavedModel;
}

/** The content of `model.json`. */
export function* modelJson(model: RunModel): Generator<string> {
  yield `${JSON.stringify({ format: FORMAT, version: VERSION, ...model })}\n`;
}

/**
 * Reads the model of a run, and names its file.
 *
 * @param place the folder of a run, or its `model.json`
 * @throws ClusterError ERR_FILE, ERR_FORMAT, ERR_UNSUPPORTED for another version
 */
export async function readModel(place: string): Promise<{ file: string; model: RunModel }> {
  const { file, text } = await readText(place);
  const content = parsed(file, text);
  if (Object(content).format !== FORMAT)
    throw failed('ERR_FORMAT', file, 'a model of genmi-cluster fit', describe(content), 'name the folder of a run');
  const model = content as RunModel & { version: unknown };
  if (model.version !== VERSION) {
    const remedy = 'fit once more, or use the version of genmi-cluster that wrote it';
    throw failed(
      'ERR_UNSUPPORTED',
      file,
      `a model of version ${VERSION}`,
      `version ${describe(model.version)}`,
      remedy,
    );
  }
  return { file, model };
}

async function readText(place: string): Promise<{ file: string; text: string }> {
  const folder = await stat(place).then(
    (status) => status.isDirectory(),
    () => false, // reading says why
  );
  const file = folder ? path.join(place, MODEL_FILE) : place;
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const received = code === 'ENOENT' ? 'no file of this name' : `an error of the system (${message})`;
    const remedy = 'name the folder that genmi-cluster fit wrote';
    throw failed('ERR_FILE', file, 'a model of genmi-cluster fit', received, remedy, error);
  }
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const received = `broken JSON (${(error as Error).message})`;
    throw failed('ERR_FORMAT', file, 'a model of genmi-cluster fit', received, 'fit once more', error);
  }
}
