/** `genmi-cluster export`: the model of a run for other programs. */
import { Command } from 'commander';
import { outOfRange } from '../errors.js';
import { loadModel } from '../estimators/index.js';
import { toOnnx } from '../export/index.js';
import { readModel, writeFile } from '../run/index.js';
import { within } from './errors.js';
import { featuresOf } from './features.js';

interface ExportValues {
  readonly onnx: string;
  readonly json?: boolean;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('the network of a run as an ONNX file; its inputs are values as the table has them')
    .argument('<folder>', 'the folder of a run')
    .requiredOption('--onnx <file>', 'the ONNX file to write')
    .option('--json', 'print one JSON object')
    .action(exportRun);
}

async function exportRun(folder: string, { onnx, json }: ExportValues): Promise<void> {
  const { file, model } = await readModel(folder);
  const estimator = within(file, () => loadModel(model.estimator));
  const features = within(file, () => featuresOf(model.transformation));
  const { network } = estimator;
  if (network === undefined || network.inputs !== features.length) {
    const received = network === undefined ? `'${model.estimator.estimator}'` : 'one of kernels or of rows alone';
    throw outOfRange(file, 'a network of the features', received, 'fit with --model linear, mlp or rim');
  }
  await writeFile(onnx, [toOnnx(network, { scaling: features })]);
  const inputs = features.map(({ name }) => name);
  if (json) console.log(JSON.stringify({ onnx, inputs, clusters: network.outputs }));
  else console.log(`${onnx}: a column of features for each of\n${inputs.map((name) => `  ${name}`).join('\n')}`);
}
