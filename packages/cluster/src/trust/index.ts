/** How far clusterings can be trusted, without labels. */
export { type Candidate, type Compared, type CompareOptions, compare } from './compare.js';
export {
  type ConsensusDistance,
  type ConsensusOptions,
  type ConsensusRanking,
  consensusDistances,
  rankByConsensus,
} from './consensus.js';
export { type ExplainOptions, type Explanation, explain } from './explain.js';
export { type Stability, type StabilityOptions, stability } from './stability.js';
