/**
 * Lets contestants work one after the other in each repetition; another one begins each time. Other work of the machine then
 * slows all of them alike. Yields the results of all contestants, one repetition at a time.
 */
export async function* interleave<Name extends string, Contestant, Result>(
  contestants: Readonly<Record<Name, Contestant>>,
  repetitions: number,
  work: (contestant: Contestant, repetition: number) => Promise<Result> | Result,
): AsyncGenerator<Record<Name, Result>> {
  const names = Object.keys(contestants) as Name[];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const results = {} as Record<Name, Result>;
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(repetition + turn) % names.length];
      results[name] = await work(contestants[name], repetition);
    }
    yield results;
  }
}
