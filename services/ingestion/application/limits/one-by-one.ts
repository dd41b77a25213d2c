/** Runs tasks with the same key one after another, in order of arrival. */
export type OneByOne = <T>(key: string, run: () => Promise<T>) => Promise<T>;

export function createOneByOne(): OneByOne {
  const last = new Map<string, Promise<unknown>>();
  return (key, run) => {
    const before = last.get(key) ?? Promise.resolve();
    const result = before.then(run, run);
    last.set(key, result);
    const forget = (): void => {
      if (last.get(key) === result) last.delete(key);
    };
    result.then(forget, forget);
    return result;
  };
}
