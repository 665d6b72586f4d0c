/** The native addon: how it is found, and the contract with `native/node`. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromNative, notLoaded } from './errors.js';
import type { Precision } from './matrix.js';

/** Lets a running computation be cancelled, and tells how far it is. */
export interface NativeJob {
  cancel(): void;
  /** The share that is done, in [0, 1]. */
  readonly progress: number;
}

export interface NativeAffinity {
  readonly size: number;
  readonly kind: 'kernel' | 'distance';
  readonly metric: boolean;
  readonly storage: 'dense' | 'features';
  readonly precision: 'float32' | 'float64';
  readonly bytes: number;
  submatrix(rows: Int32Array | null, out: Precision): void;
  dispose(): void;
}

export interface NativeMeasure {
  kind: 'kernel' | 'distance';
  name: string;
  gamma?: number | undefined;
  medianGamma?: boolean;
  degree?: number | undefined;
  coef0?: number | undefined;
  storage: 'dense' | 'features';
  precision: 'float32' | 'float64';
}

export interface NativeHops {
  quantile?: number | undefined;
  threshold?: number | undefined;
  neighbors?: number | undefined;
  disconnected?: number | undefined;
}

export interface NativeHopResult {
  affinity: NativeAffinity;
  threshold: number;
  edges: number;
  longest: number;
  connected: boolean;
}

/** How predictions are to be read: whether they are logits, whether to mask, epsilon */
export type NativeReading = [logits: boolean, mask: boolean, epsilon: number];
/** predictions, n, k, how they are to be read, rows */
export type NativeEvaluation = [Precision, number, number, ...NativeReading, Int32Array | null];

export interface NativeObjective {
  /** Returns the value; fills `gradient` when it is given. */
  evaluate(...args: [...NativeEvaluation, gradient: Precision | null]): number;
  /** As `evaluate`, for timing it: draws nothing at random. */
  rehearse(...args: [...NativeEvaluation, gradient: Precision | null]): number;
  evaluateAsync(...args: [...NativeEvaluation, gradient: Precision | null, job: NativeJob]): Promise<number>;
  affinityGradient(...args: [...NativeEvaluation, out: Precision]): void;
  cost(n: number, k: number): { operations: number; bytes: number };
}

/** What an objective's constructor is given: the binding passes any of it on by name. */
export type NativeParameter =
  | number
  | boolean
  | string
  | Int32Array
  | NativeAffinity
  | readonly { objective: NativeObjective; factor: number }[];

export interface NativeSolveOptions {
  maxPivots?: number | undefined;
  warmStart?: boolean;
  threads?: number | undefined;
}

/** The positive entries of a transport plan: a mass moves from each source to its target. */
export interface TransportPlan {
  source: Int32Array;
  target: Int32Array;
  mass: Float64Array;
}

/** The result of a transport problem without potentials, as `potentials: false` asks for. */
export interface TransportCost {
  /** The minimal total cost, for the mass of p (at an iteration limit: that of the best plan found). */
  cost: number;
  /**
   * 'iteration-limit': stopped at `maxPivots`. 'unproven': no pivot improves the plan, yet the gap is more than rounding explains;
   * the bounds of the certificate hold.
   */
  status: 'optimal' | 'iteration-limit' | 'unproven';
  pivots: number;
  /**
   * The proof, measured on the caller's numbers in float64 after the solve: `gap`, the plan's cost minus the potentials';
   * `infeasibility`, the largest u_i + v_j - D_ij above 0; `slackness`, the largest D_ij - u_i - v_j where mass flows. The
   * optimum lies in [cost - gap, cost] up to rounding, whatever the status.
   */
  certificate: { gap: number; infeasibility: number; slackness: number };
  /** The transport plan, with `plan: true`. */
  plan?: TransportPlan;
}

export interface TransportResult extends TransportCost {
  /**
   * Dual potentials at every source and target: u_i + v_j <= D_ij, and u p + v q = cost. Where they are not unique, one
   * choice. Arrays of the results of one call are views of one buffer: `slice()` what is to outlive the others.
   */
  u: Float64Array;
  v: Float64Array;
}

/** What the core says of a result in numbers. */
export type ResultNumber = 'cost' | 'outcome' | 'pivots' | 'gap' | 'infeasibility' | 'slackness' | 'planEntries';

export interface NativeProblems {
  problems: [p: Precision, q: Precision, count: number, sharedDemand: boolean, options: NativeSolveOptions];
  /**
   * Room for the results of all problems, one after the other: `Native.resultNumbers` of each; u and v of each, or null; null, or
   * a function that makes room for the entries of all plans.
   */
  results: [numbers: Float64Array, potentials: Float64Array | null, plans: ((entries: number) => TransportPlan) | null];
}

export interface NativeSolver {
  dispose(): void;
  solveMany(...args: [...NativeProblems['problems'], ...NativeProblems['results']]): void;
  solveManyAsync(...args: [...NativeProblems['problems'], ...NativeProblems['results'], job: NativeJob]): Promise<void>;
}

type NativeFeatures = [features: Precision, rows: number, columns: number, options: NativeMeasure];
export type NativeEntries = [
  matrix: Precision,
  rows: number,
  columns: number,
  options: { kind: string; metric: boolean; precision: string },
];

export interface Native {
  onError(create: (code: string, message: string) => Error): void;
  isa(name?: string): string;
  threads(count?: number): number;
  /** Frees all native memory that nobody can reach any more; takes a collection of garbage. */
  reclaim(): void;
  Job: new () => NativeJob;
  measure(...args: NativeFeatures): NativeAffinity;
  measureAsync(...args: [...NativeFeatures, job: NativeJob]): Promise<NativeAffinity>;
  precomputed(...args: NativeEntries): NativeAffinity;
  precomputedAsync(...args: [...NativeEntries, job: NativeJob]): Promise<NativeAffinity>;
  hops(distances: NativeAffinity, options: NativeHops): NativeHopResult;
  hopsAsync(distances: NativeAffinity, options: NativeHops, job: NativeJob): Promise<NativeHopResult>;
  /** The hops over the distances between features. */
  featureHops(...args: [...NativeFeatures, options: NativeHops]): NativeHopResult;
  featureHopsAsync(...args: [...NativeFeatures, options: NativeHops, job: NativeJob]): Promise<NativeHopResult>;
  Objective: new (name: string, parameters: Record<string, NativeParameter>) => NativeObjective;
  /** The order of a result's numbers. */
  resultNumbers: readonly ResultNumber[];
  /** Statuses, by the number that the core has for them. */
  outcomes: readonly TransportCost['status'][];
  Solver: new (...source: [NativeAffinity] | [costs: Precision, rows: number, columns: number]) => NativeSolver;
}

/** The package's own folder, from `src/` and from `dist/` alike. */
export const root = fileURLToPath(new URL('..', import.meta.url));

interface NodeGypBuild {
  (directory: string): unknown;
  path(directory: string): string;
}

const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build') as NodeGypBuild;

/** The file the addon was loaded from. */
export let binary = '';

function open(): Native {
  try {
    binary = nodeGypBuild.path(root);
    return nodeGypBuild(root) as Native;
  } catch (cause) {
    throw notLoaded(notFoundMessage(cause), cause);
  }
}

/** What it cannot be loaded with, such as a GENMI_ISA, it says itself as soon as it can make errors. */
function load(): Native {
  const addon = open();
  addon.onError(fromNative);
  return addon;
}

/** The folders in which the addon is looked for, in this order, each with what is there. */
export function searchedFolders(): string[] {
  return ['build/Release', `prebuilds/${process.platform}-${process.arch}`].map((folder) => {
    const full = path.join(root, folder);
    const found = existsSync(full) ? readdirSync(full).filter((file) => file.endsWith('.node')) : [];
    return `${full}: ${found.length > 0 ? found.join(', ') : 'no .node file'}`;
  });
}

/** What was looked for, why it may be missing, and what to do: in that order. */
function notFoundMessage(cause: unknown): string {
  return [
    `genmi could not load its native addon (${process.platform}-${process.arch}, Node ${process.version}).`,
    'Looked in:',
    ...searchedFolders().map((folder) => `  ${folder}`),
    `The loader said: ${String((cause as Error)?.message ?? cause).split('\n')[0]}`,
    'What helps:',
    '  1. Install scripts were blocked, or no prebuilt binary fits: run `npm rebuild genmi --ignore-scripts=false`. It compiles, with',
    "     Python 3 and a C++20 compiler (on Windows Visual Studio's ClangCL toolset).",
    '  2. node_modules was copied from another machine: delete it and install again.',
    '  3. Another package manager: allow the install script of genmi, or run `npm explore genmi -- npm run install`.',
  ].join('\n');
}

export const native: Native = load();
