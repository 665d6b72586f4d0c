/**
 * Lets contestants work one after the other in each repetition, beginning with another one each time: what the machine does
 * meanwhile is shared by all of them. Yields what each of them returned, a repetition at a time.
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
