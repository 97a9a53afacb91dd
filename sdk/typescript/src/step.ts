import type { DryResults, Results } from "./generated/steps.js";
import type { Step } from "./generated/schemas.js";

declare const result: unique symbol;

/** A step of which the type of its result is known. */
export type Typed<S, R> = S & { readonly [result]?: Result<R> };

/** Keeps an undefined of R, which is not that of the member. */
interface Result<R> {
  is: R;
}

/** The type of what a step answers: a constructor's, or a plain object's by its action. */
export type ResultOf<S> = typeof result extends keyof S
  ? S extends { readonly [result]?: Result<infer R> }
    ? R
    : never
  : S extends { action: infer A extends keyof Results }
    ? Answer<S, Results[A], DryResults[A]>
    : unknown;

/** The types of what steps answer, in their order. */
export type ResultsOf<S extends readonly unknown[]> = { -readonly [I in keyof S]: ResultOf<S[I]> };

/**
 * A result, as its step's options have it: `Dry` of a dry run, and nothing of an optional step that
 * has failed.
 */
export type Answer<O, R, Dry = R> =
  | (true extends Given<O, "dryRun"> ? Dry : never)
  | ([Given<O, "dryRun">] extends [true] ? never : R)
  | (true extends Given<O, "optional"> ? undefined : never);

type Given<O, K> = K extends keyof O ? O[K] : undefined;

/** Options without members that there aren't. */
export type Only<O, All> = O & { [K in Exclude<keyof O, keyof All>]: never };

/** @internal */
export function step<S>(s: Step): S {
  return s as S;
}
