/**
 * A client of browserhook: real browsers over HTTP.
 *
 * @packageDocumentation
 */
export { Browserhook, version, type BrowserhookOptions } from "./client.js";
export { BrowserhookError, StepFailed } from "./errors.js";
export type { Extracted, Link } from "./extract.js";
export type { FollowParams } from "./follow.js";
export type { Operations } from "./generated/operations.js";
export * from "./generated/steps.js";
export type * as api from "./generated/schemas.js";
export type { Event, StepRun, Endpoint, Delivery, Artifact, Step } from "./generated/schemas.js";
export { Pages, type Page } from "./pages.js";
export type { Deliveries, Endpoints, Events, Keys, Nodes, Projects, Sessions } from "./resources.js";
export { Download, Session, type AddOptions, type RunOptions } from "./session.js";
export type { Answer, ResultOf, ResultsOf, Typed } from "./step.js";
export type { CallOptions, Input, OperationId } from "./transport.js";
export * as webhooks from "./webhooks/index.js";
