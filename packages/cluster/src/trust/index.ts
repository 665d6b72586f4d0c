/** How far clusterings can be trusted, without labels. */
export {
  type ConsensusDistance,
  type ConsensusOptions,
  type ConsensusRanking,
  consensusDistances,
  rankByConsensus,
} from './consensus.js';
export { type Stability, type StabilityOptions, stability } from './stability.js';
