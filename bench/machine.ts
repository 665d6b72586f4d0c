import { info } from 'genmi';

/** What figures are worth nothing without: where and with what they were read. */
export interface Machine {
  readonly processor: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** @param peers versions of what genmi is measured beside */
export function describeMachine(peers: Readonly<Record<string, string>>): Machine {
  const { processor, version } = info();
  return { processor, versions: { genmi: version, node: process.versions.node, ...peers } };
}

export function machineLine({ processor, versions }: Machine): string {
  return [processor, ...Object.entries(versions).map((nameAndVersion) => nameAndVersion.join(' '))].join(', ');
}
