import type { ExtractStep } from "./generated/schemas.js";

/** A link of a page, as the type `links` has it. */
export interface Link {
  text: string;
  url: string;
}

/** What `extract` answers, by what it was asked for. */
export type Extracted<O> = Omit<ExtractStep, "action"> extends O ? unknown : Field<Omit<O, "optional">, false>; // which is the step's own

// In says whether it is looked for in an element, where one without a match is null, or in the
// page, where it is waited for unless it is optional.
type Field<F, In> = F extends string
  ? string | Missing<In>
  : F extends { each: string } | { all: true }
    ? Value<F, true>[]
    : F extends { target: string }
      ? Value<F, true> | Missing<F extends { optional: true } ? true : In>
      : Value<F, In>;

type Missing<In> = In extends true ? null : never;

type Value<F, In> = F extends { fields: infer M }
  ? string extends keyof M
    ? Record<string, unknown>
    : { -readonly [K in keyof M]: Field<M[K], In> }
  : F extends { type: "number" }
    ? number | null
    : F extends { type: "links" }
      ? Link[]
      : F extends { type: "table" }
        ? Record<string, string>[] | string[][]
        : F extends { type: "value" } | { attribute: string }
          ? string | null
          : string;
