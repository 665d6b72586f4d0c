/** Two convolutional models for `LayersClusterer`. */
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { MakeLayers } from './layers-clusterer.js';

/** The functions of TensorFlow.js that make layers: `@tensorflow/tfjs` and `tfjs-node` have them. */
export type LayerFunctions = Pick<
  typeof import('@tensorflow/tfjs-layers'),
  'initializers' | 'input' | 'layers' | 'model'
>;

/** Images of a size, with their channels. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  /** Default 1. */
  readonly channels?: number;
}

type Apply = (input: SymbolicTensor) => SymbolicTensor;

/** Makes layers one after the other, each with a seed of its own. */
class Layers {
  readonly #tf: LayerFunctions;
  #seed: number;

  constructor(tf: LayerFunctions, seed: number) {
    this.#tf = tf;
    this.#seed = seed;
  }

  #initial() {
    return { kernelInitializer: this.#tf.initializers.glorotUniform({ seed: this.#seed++ }) };
  }

  convolution(
    filters: number,
    kernelSize: number,
    options: Partial<Parameters<LayerFunctions['layers']['conv2d']>[0]>,
  ) {
    return this.#apply(this.#tf.layers.conv2d({ filters, kernelSize, ...options, ...this.#initial() }));
  }

  dense(units: number, activation: 'tanh' | 'linear'): Apply {
    return this.#apply(this.#tf.layers.dense({ units, activation, ...this.#initial() }));
  }

  average(): Apply {
    return this.#apply(this.#tf.layers.averagePooling2d({ poolSize: 2, strides: 2 }));
  }

  #apply(layer: { apply(input: SymbolicTensor): unknown }): Apply {
    return (input) => layer.apply(input) as SymbolicTensor;
  }
}

/**
 * LeNet-5, as in the GEMINI paper: convolutions of 6, 16 and 120 filters of 5 x 5 with tanh, means of 2 x 2 after the first
 * two, a dense layer of 84 units with tanh, and logits. Images smaller than 32 x 32 get a border of zeros.
 *
 * @see LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 86 (1998)
 */
export function leNet5(tf: LayerFunctions, { height, width, channels = 1 }: ImageShape): MakeLayers {
  const border = (size: number): [number, number] => [
    Math.max(0, Math.ceil((32 - size) / 2)),
    Math.max(0, Math.floor((32 - size) / 2)),
  ];
  return ({ outputs, seed }) => {
    const make = new Layers(tf, seed);
    const inputs = tf.input({ shape: [height, width, channels] });
    const padded = tf.layers.zeroPadding2d({ padding: [border(height), border(width)] }).apply(inputs);
    let last = padded as SymbolicTensor;
    for (const filters of [6, 16]) last = make.average()(make.convolution(filters, 5, { activation: 'tanh' })(last));
    last = make.convolution(120, 5, { activation: 'tanh' })(last);
    const flat = tf.layers.flatten().apply(last) as SymbolicTensor;
    return tf.model({ inputs, outputs: make.dense(outputs, 'linear')(make.dense(84, 'tanh')(flat)) });
  };
}

/**
 * A small residual network: a convolution of 16 filters of 3 x 3, three blocks of two convolutions of 16, 32 and 64 filters
 * with batch normalisation, relu and a connection around them, the mean of each filter, and logits.
 *
 * @see He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, section 4.2
 */
export function smallResNet(tf: LayerFunctions, { height, width, channels = 1 }: ImageShape): MakeLayers {
  const normalize = (input: SymbolicTensor) => tf.layers.batchNormalization().apply(input) as SymbolicTensor;
  const relu = (input: SymbolicTensor) => tf.layers.reLU().apply(input) as SymbolicTensor;
  return ({ outputs, seed }) => {
    const make = new Layers(tf, seed);
    const same = { padding: 'same', useBias: false } as const;
    const inputs = tf.input({ shape: [height, width, channels] });
    let last = relu(normalize(make.convolution(16, 3, same)(inputs)));
    for (const [b, filters] of [16, 32, 64].entries()) {
      const strides = b === 0 ? 1 : 2;
      const inner = relu(normalize(make.convolution(filters, 3, { ...same, strides })(last)));
      const around = b === 0 ? last : make.convolution(filters, 1, { ...same, strides })(last);
      const sum = tf.layers.add().apply([normalize(make.convolution(filters, 3, same)(inner)), around]);
      last = relu(sum as SymbolicTensor);
    }
    const means = tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }).apply(last) as SymbolicTensor;
    return tf.model({ inputs, outputs: make.dense(outputs, 'linear')(means) });
  };
}
