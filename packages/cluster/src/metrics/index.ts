/** The metrics of this package; genmi has `ari`, `accuracy`, `purity`, `nce`, `usedClusters`. */
export { calinskiHarabasz } from './calinski-harabasz.js';
export { ami, completeness, homogeneity, nmi, vMeasure } from './information.js';
export { type SilhouetteOptions, silhouette, silhouetteSamples } from './silhouette.js';
