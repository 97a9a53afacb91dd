import type { Failure, FieldError, Problem, StepRun } from "./generated/schemas.js";

/** What is known of a {@link BrowserhookError}. */
export interface ErrorInit {
  status?: number | undefined;
  code: string;
  detail: string;
  requestId?: string | undefined;
  fields?: FieldError[] | undefined;
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** Every error of a call: the server refused it, there was no answer, or a step failed. */
export class BrowserhookError extends Error {
  /** The HTTP status; `undefined`: there was no answer. */
  readonly status: number | undefined;
  /**
   * The stable name of what is wrong: a problem's (`not_found`, `invalid_request`, …), a step's, or
   * one of the client: `unreachable`, `timeout`, `not_browserhook`.
   */
  readonly code: string;
  /** One sentence for a person. */
  readonly detail: string;
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;
  /** The fields of the request that are wrong. */
  readonly fields: FieldError[];
  /** After how many seconds the server wants to be asked again, where it says so. */
  readonly retryAfter: number | undefined;

  constructor(init: ErrorInit) {
    super(`${init.detail} (${[init.code, init.status, init.requestId].filter(Boolean).join(", ")})`, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "BrowserhookError";
    this.status = init.status;
    this.code = init.code;
    this.detail = init.detail;
    this.requestId = init.requestId;
    this.fields = init.fields ?? [];
    this.retryAfter = init.retryAfter;
  }
}

/** A step didn't complete: it failed, or was canceled, or its browser was lost while it ran. */
export class StepFailed extends BrowserhookError {
  /** The step, with its `error`. */
  readonly step: StepRun;
  /** All steps that were added with it, as they are now. */
  readonly steps: StepRun[];

  constructor(step: StepRun, steps: StepRun[]) {
    const what = `${step.action}, step ${step.index}`;
    const { code, message, waitedFor, seen }: Failure = step.error ?? { code: step.status.toLowerCase(), message: `was ${step.status.toLowerCase()}` };
    super({ code, detail: [`${what}: ${message}`, waitedFor && `waited for: ${waitedFor}`, seen && `seen: ${seen}`].filter(Boolean).join("; ") });
    this.name = "StepFailed";
    this.step = step;
    this.steps = steps;
  }
}

/** The error that an answer is. */
export async function refusal(res: Response): Promise<BrowserhookError> {
  const text = await res.text().catch(() => "");
  let problem: Partial<Problem> = {};
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === "object" && read !== null) problem = read;
  } catch {
    // a proxy's, in front of the server
  }
  const known = typeof problem.code === "string";
  return new BrowserhookError({
    status: res.status,
    code: known ? problem.code! : "not_browserhook",
    detail: problem.detail ?? problem.title ?? `the answer is ${res.status} ${res.statusText}`.trimEnd() + (known ? "" : ", and not the server's own: is url its address?"),
    requestId: problem.requestId ?? res.headers.get("x-request-id") ?? undefined,
    fields: Array.isArray(problem.errors) ? problem.errors : [],
    retryAfter: retryAfter(res),
  });
}

/** The seconds of a Retry-After header, which has them or a date. */
function retryAfter(res: Response): number | undefined {
  const value = res.headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
