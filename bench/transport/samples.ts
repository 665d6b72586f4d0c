import { PIXELS, readDigits } from '../../support/digits.js';
import { createRandom } from '../../support/random.js';
import { normals } from '../random.js';
import { CLUSTERS, type Family } from './rows.js';

/** Points of a family, `[count, features]`, row-major. A row of the table takes the first of them. */
export interface Samples {
  readonly data: Float64Array;
  readonly count: number;
  readonly features: number;
}

const COUNT = 6000;
const MIXTURE_SEED = 1;
interface Mixture {
  readonly features: number;
  readonly spread: number;
}

/**
 * The spread is the standard deviation of the components' centres; points have variance 1 around them. Neighbouring components
 * overlap, so that the graph of close points is connected and hop distances take many values.
 */
const MIXTURES: Record<Exclude<Family, 'images'>, Mixture> = {
  'mixture-2': { features: 2, spread: 4 },
  'mixture-10': { features: 10, spread: 1.2 },
  'mixture-50': { features: 50, spread: 0.5 },
};

export function makeSamples(family: Family): Samples {
  return family === 'images' ? images() : mixture(MIXTURES[family]);
}

/** The first images of MNIST's training set, with pixels in [0, 1]. */
function images(): Samples {
  const { images: scaled, count } = readDigits('train', COUNT);
  const data = Float64Array.from(scaled, (pixel) => Math.round((pixel + 1) * 127.5) / 255);
  return { data, count, features: PIXELS };
}

/** A mixture of as many Gaussians as there will be clusters. */
function mixture({ features, spread }: Mixture): Samples {
  const random = createRandom(MIXTURE_SEED, features);
  const centres = normals(CLUSTERS * features, random).map((coordinate) => spread * coordinate);
  const data = normals(COUNT * features, random);
  for (let i = 0; i < COUNT; i++) {
    const component = Math.floor(CLUSTERS * random()) * features;
    for (let f = 0; f < features; f++) data[i * features + f] += centres[component + f];
  }
  return { data, count: COUNT, features };
}
