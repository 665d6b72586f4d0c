import { info } from 'genmi';

/** Where figures were read, and with which versions: figures mean nothing without them. */
export interface Machine {
  readonly processor: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** @param peers versions of the peers */
export function describeMachine(peers: Readonly<Record<string, string>>): Machine {
  const { processor, version } = info();
  return { processor, versions: { genmi: version, node: process.versions.node, ...peers } };
}

export function machineLine({ processor, versions }: Machine): string {
  return [processor, ...Object.entries(versions).map((nameAndVersion) => nameAndVersion.join(' '))].join(', ');
}
