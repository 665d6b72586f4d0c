/**
 * From a file or an array to clusters, without labels.
 *
 * @module genmi-cluster
 */
export * from './data/index.js';
export { ClusterError, type ClusterErrorCode } from './errors.js';
export * from './estimators/index.js';
export * from './export/index.js';
export * from './metrics/index.js';
export * from './trust/index.js';
