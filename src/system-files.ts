/** Files in which a Linux system describes itself. */
import { readFileSync } from 'node:fs';

/** The text of a file; empty where it is not there, or where Node's permission model hides it. */
export function readSystemFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
