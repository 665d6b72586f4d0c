/** The numbers that the page's own scripts draw. */

export interface MapData {
  /** The titles of both axes. */
  readonly axes: readonly [string, string];
  /** The points of each cluster. */
  readonly clusters: readonly { readonly color: string; readonly points: readonly MapPoint[] }[];
  /** The names of a point's cells. */
  readonly columns: readonly string[];
}

export interface MapPoint {
  readonly at: readonly [x: number, y: number];
  readonly name: string;
  readonly cells: readonly string[];
  readonly certainty?: number;
}

export interface PageData {
  readonly map: MapData;
  readonly history?: { readonly name: string; readonly values: readonly number[] };
}
