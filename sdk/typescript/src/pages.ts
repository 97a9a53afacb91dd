/** One page of a list. */
export interface Page<T> {
  data: T[];
  /** Where the next page begins; `undefined`: there is none. */
  nextCursor?: string | undefined;
}

/**
 * A list that the server answers in pages: `for await` goes over all that is in it, reading each
 * page when it is needed.
 */
export class Pages<T> implements AsyncIterable<T> {
  readonly #read: (cursor: string | undefined) => Promise<Page<T>>;
  readonly #log: boolean;

  /** @internal log: there is a cursor behind the last page too. */
  constructor(read: (cursor: string | undefined) => Promise<Page<T>>, log = false) {
    this.#read = read;
    this.#log = log;
  }

  /** The first page. */
  page(): Promise<Page<T>> {
    return this.#read(undefined);
  }

  /** The pages, one after the other. */
  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.#read(cursor);
      yield page;
      cursor = this.#log && page.data.length === 0 ? undefined : page.nextCursor;
    } while (cursor);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }

  /** All that is in the list, or the first so many. */
  async toArray(limit = Infinity): Promise<T[]> {
    const all: T[] = [];
    if (limit <= 0) return all;
    for await (const one of this) {
      if (all.push(one) >= limit) break;
    }
    return all;
  }
}
