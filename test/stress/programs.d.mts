export interface StressProgram {
  name: string;
  what: string;
  small: number;
  large: number;
  flags?: string[];
  platform?: string;
}
export const programs: StressProgram[];
export function runProgram(program: StressProgram, count: number, seed: number, milliseconds?: number): Promise<string>;
