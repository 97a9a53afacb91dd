// Code generated from api/openapi.yaml by make generate; DO NOT EDIT.

/** Steps to be added to a session. */
export interface AddStepsRequest {
  /** As if each step had it: targets are looked for, and nothing is done. */
  dryRun?: boolean | null;
  /** What a failed step does to those after it; stop is the default. */
  onError?: "stop" | "continue" | null;
  /** They run in this order. */
  steps: Step[];
}

/** A file of a session. */
export interface Artifact {
  /** The file. */
  artifactId: string;
  /** Its media type. */
  contentType: string;
  /** When it was made. */
  createdAt: string;
  /**
   * What it is. recording is a part of the session's recording, takeover what a person did by hand,
   * as steps; failure is a zip of what a page was like when a step failed.
   */
  kind: "screenshot" | "pdf" | "failure" | "download" | "storage" | "recording" | "takeover";
  /** Of a download: what the page calls the file, made harmless. */
  name?: string;
  /** Of a download, in hex. */
  sha256?: string;
  /** Bytes. */
  size: number;
  /** Of the step that made it or, of a download, that ran when it began; empty if none did. */
  stepId: string;
}

/** A page of a list. */
export interface ArtifactPage {
  /** What is on this page. */
  data: Artifact[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** The file that a step has made. */
export interface ArtifactResult {
  /** The file. */
  artifactId: string;
  /** Its media type. */
  contentType: string;
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** Bytes. */
  size: number;
}

/**
 * Waits until all that is asserted is so, and fails with `assertion_failed` when the time is over
 * before; `seen` says what was instead, and what before that. At least one of target, url, title,
 * text is needed.
 */
export interface AssertStep {
  /** What the step does. */
  action: "assert";
  /** An attribute that the target must have. */
  attribute?: string | null;
  /** Classes that it must have, with spaces between. */
  class?: string | null;
  /** How many elements match the target. */
  count?: number | null;
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** The text is all that the target holds. */
  exact?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /** What the target must be. It is focused when the page is, too. */
  state?: "visible" | "hidden" | "attached" | "detached" | "enabled" | "disabled" | "checked" | "unchecked" | "focused" | "editable" | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target?: string | null;
  /**
   * Text that the target must hold, white space folded; without a target, text that is seen on the
   * page, in any case.
   */
  text?: string | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** The page's title, with white space folded. */
  title?: string | null;
  /** What the page's address must be; * stands for anything. */
  url?: string | null;
  /** What the field holds or, with attribute, what that is. */
  value?: string | null;
}

/** A step of the action assert. */
export interface AssertStepRun extends StepState {
  /** What the step does. */
  action: "assert";
  result?: DialogsResult;
  step?: AssertStep;
}

/** A request that was made for a delivery. */
export interface Attempt {
  /** The attempt. */
  attemptId: string;
  /** Milliseconds, until the answer or the failure. */
  durationMs: number;
  /** What went wrong, in a sentence. */
  error?: string;
  /** What kind of failure it was; not there when it was delivered. */
  errorClass?: "timeout" | "dns" | "connect" | "tls" | "blocked" | "redirect" | "status" | "protocol" | "proxy" | "internal";
  /** Which try it was; the first is 1. */
  number: number;
  /** The address and port that it went to. */
  remoteAddress?: string;
  /** The first 16 KiB of the answer's body. */
  response?: string;
  /** When it began. */
  startedAt: string;
  /** Of the answer; not there without one. */
  statusCode?: number;
}

/** The attempts of some time, counted. */
export interface AttemptCounts {
  /** Attempts that weren't. */
  failed: number;
  /** When this time began; it ends where the next begins, the last of them now. */
  from: string;
  /** Deliveries that were given up after such an attempt. */
  givenUp: number;
  /**
   * How long half of the attempts took at most, in milliseconds, right within a quarter; not there
   * when there were none.
   */
  medianMs?: number;
  /** How long 95 of 100 took at most; so too. */
  p95Ms?: number;
  /** Attempts that were answered with 2xx. */
  succeeded: number;
  /** The most deliveries that were seen waiting; 10000 is that many or more. */
  waiting: number;
}

/** A page of a list. */
export interface AttemptPage {
  /** What is on this page. */
  data: Attempt[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/**
 * Goes back in the page's history. The result: the page's address and title, and the status of the
 * HTTP answer.
 */
export interface BackStep {
  /** What the step does. */
  action: "back";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /**
   * How far the page must have loaded; load is the default of a navigation. networkidle is when
   * half a second has passed without a request.
   */
  waitUntil?: "commit" | "domcontentloaded" | "load" | "networkidle" | null;
}

/** A step of the action back. */
export interface BackStepRun extends StepState {
  /** What the step does. */
  action: "back";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PageResult | DryRunResult;
  step?: BackStep;
}

/** The data of browser_closed. */
export interface BrowserClosedData {
  error?: Failure;
  /** What happened. */
  eventType: "browser_closed";
  /** Why the session ended. */
  reason: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The live page. */
  streamingUrl: string;
}

/** A session has ended; reason says why. */
export interface BrowserClosedEvent {
  data: BrowserClosedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** The data of browser_crashed. */
export interface BrowserCrashedData {
  error: Failure;
  /** What happened. */
  eventType: "browser_crashed";
  /** Why the session ended. */
  reason: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The live page. */
  streamingUrl: string;
}

/** A session lost its browser; browser_closed follows. */
export interface BrowserCrashedEvent {
  data: BrowserCrashedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** The data of browser_download_completed. */
export interface BrowserDownloadCompletedData {
  /** The file that was downloaded. */
  artifactId?: string;
  /** Where it can be fetched, with a key. */
  artifactUrl?: string;
  /** Its media type. */
  contentType?: string;
  error?: Failure;
  /** What happened. */
  eventType: "browser_download_completed";
  /** What the page calls the file, made harmless. */
  name: string;
  /** The page that had it downloaded. */
  pageUrl?: string;
  /** Why the session ended. */
  reason?: string;
  /** In hex. */
  sha256?: string;
  /** Its bytes. */
  size?: number;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The step that ran when a download began. */
  stepId?: string;
  /** The live page. */
  streamingUrl: string;
  /** Where it came from. */
  url?: string;
}

/** A page has downloaded a file, or failed to: then there is an error. */
export interface BrowserDownloadCompletedEvent {
  data: BrowserDownloadCompletedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** The data of browser_failed. */
export interface BrowserFailedData {
  error: Failure;
  /** What happened. */
  eventType: "browser_failed";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The live page. */
  streamingUrl: string;
}

/** A session failed; error says why. */
export interface BrowserFailedEvent {
  data: BrowserFailedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** The data of browser_ready. */
export interface BrowserReadyData {
  error?: Failure;
  /** What happened. */
  eventType: "browser_ready";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The live page. */
  streamingUrl: string;
}

/** A session's browser is ready: its steps run. */
export interface BrowserReadyEvent {
  data: BrowserReadyData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** The data of browser_recording_ready. */
export interface BrowserRecordingReadyData {
  /** For how long. */
  durationMs: number;
  error?: Failure;
  /** What happened. */
  eventType: "browser_recording_ready";
  /** Why the session ended. */
  reason?: string;
  /** Where it is told what there is of the recording, with a key. */
  recordingUrl: string;
  /** Its bytes. */
  size: number;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The live page. */
  streamingUrl: string;
}

/** The recording of a session that ends is whole. */
export interface BrowserRecordingReadyEvent {
  data: BrowserRecordingReadyData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** The data of browser_recovered. */
export interface BrowserRecoveredData {
  error?: Failure;
  /** What happened. */
  eventType: "browser_recovered";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The live page. */
  streamingUrl: string;
}

/** The session goes on, after a restart of its server. */
export interface BrowserRecoveredEvent {
  data: BrowserRecoveredData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** The data of browser_takeover_ended. */
export interface BrowserTakeoverEndedData {
  /** The file that was downloaded. */
  artifactId?: string;
  /** Where it can be fetched, with a key. */
  artifactUrl?: string;
  /** The link's name. */
  controller?: string;
  /** For how long. */
  durationMs: number;
  error?: Failure;
  /** What happened. */
  eventType: "browser_takeover_ended";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The link by which somebody drives the session, or did. */
  streamId: string;
  /** The live page. */
  streamingUrl: string;
}

/** Control of a session was given back, or has ended with the session or its server. */
export interface BrowserTakeoverEndedEvent {
  data: BrowserTakeoverEndedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** The data of browser_takeover_started. */
export interface BrowserTakeoverStartedData {
  /** The link's name. */
  controller?: string;
  error?: Failure;
  /** What happened. */
  eventType: "browser_takeover_started";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The link by which somebody drives the session, or did. */
  streamId: string;
  /** The live page. */
  streamingUrl: string;
}

/** A viewer has taken control of a session: no step begins until it ends. */
export interface BrowserTakeoverStartedEvent {
  data: BrowserTakeoverStartedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser";
}

/** Which deliveries to give up: those that all of it picks. */
export interface CancelDeliveriesRequest {
  /** Only those to this endpoint. */
  endpointId?: string;
  /** Only those of this event. */
  eventId?: string;
  /** Only those of events of this type. */
  eventType?: string;
  /** Created at or after. */
  from?: string;
  /** Only those of events of this session. */
  sessionId?: string;
  /** Only those that are so. */
  status?: "PENDING" | "DELIVERED" | "FAILED" | "CANCELED";
  /** Created before. */
  to?: string;
}

/**
 * Checks a checkbox or chooses a radio button, by a click, through its label too. One that is
 * checked stays so.
 */
export interface CheckStep {
  /** What the step does. */
  action: "check";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * Where in the element, in CSS pixels from its top left corner, within its border. Else it is the
   * middle of what is in view of it.
   */
  position?: {
    /** Pixels to the right. */
    x: number;
    /** Pixels down. */
    y: number;
  } | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action check. */
export interface CheckStepRun extends StepState {
  /** What the step does. */
  action: "check";
  result?: DialogsResult;
  step?: CheckStep;
}

/**
 * Clicks an element, when it is visible, enabled, at rest, in view and not covered. The result:
 * with popup the new tab, with download the file.
 */
export interface ClickStep {
  /** What the step does. */
  action: "click";
  /** The mouse button; left is the default. */
  button?: "left" | "right" | "middle" | null;
  /** 1 is the default; 2 is a double click, 3 selects a paragraph. */
  clickCount?: number | null;
  /** It starts a download: wait for its end and keep the file as an artifact. */
  download?: boolean | null;
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** Keys held meanwhile. */
  modifiers?: ("Alt" | "Control" | "ControlOrMeta" | "Meta" | "Shift")[] | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /** It opens a tab: wait for that, and go on there. */
  popup?: boolean | null;
  /**
   * Where in the element, in CSS pixels from its top left corner, within its border. Else it is the
   * middle of what is in view of it.
   */
  position?: {
    /** Pixels to the right. */
    x: number;
    /** Pixels down. */
    y: number;
  } | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action click. */
export interface ClickStepRun extends StepState {
  /** What the step does. */
  action: "click";
  result?: StartResult;
  step?: ClickStep;
}

/** A cookie to set. */
export interface Cookie {
  /** Whose hosts get it, those below it too; that of url, or the page's, alone by default. */
  domain?: string | null;
  /** Seconds since 1970; none is a session cookie. */
  expires?: number | null;
  /** Whether pages' scripts don't see it. */
  httpOnly?: boolean | null;
  /** The cookie's name. */
  name: string;
  /** Below which paths; all by default. */
  path?: string | null;
  /** When requests from other sites carry it. */
  sameSite?: "Strict" | "Lax" | "None" | null;
  /**
   * The value is a secret: kept encrypted, shown to nobody, taken out of what steps answer and why
   * they fail.
   */
  secret?: boolean | null;
  /** Whether it goes over HTTPS alone. */
  secure?: boolean | null;
  /** A page that would get it: in place of domain and path. */
  url?: string | null;
  /** What it holds. */
  value: string;
}

/** What an endpoint is to be like. */
export interface CreateEndpointRequest {
  /** Requests at once; 0: as many as it copes with, up to 32. */
  concurrency?: number | null;
  /** What it is for, in your words. */
  description?: string | null;
  /** Event types, browser_*, step_* or *, each once; all by default. */
  events?: string[] | null;
  /** Only events of sessions whose metadata passes. */
  filter?: {
    /** Members of the session's metadata, each with the values of which it must have one. */
    metadata?: Record<string, string[]> | null;
  } | null;
  /** Sent with each delivery. */
  headers?: WebhookHeaderInput[] | null;
  /** Sign with an ed25519 key pair too (v1a). */
  keyPair?: boolean | null;
  /** Yours; it comes with the events that are about the endpoint. */
  metadata?: Record<string, string> | null;
  /**
   * A session's events one after the other, each when the one before is delivered or given up.
   * Can't be changed later.
   */
  ordered?: boolean | null;
  /** Deliveries a second; 0: no limit. */
  rateLimit?: number | null;
  /**
   * How long after each failed try the next one comes, each 1s to 168h; an empty list: there is one
   * try. null: the default, 5s, 30s, 2m, 10m, 1h, 3h, 8h, 24h, 39h.
   */
  retrySchedule?: string[] | null;
  /**
   * Signs its deliveries: whsec_ and the base64 of 24 to 64 bytes. A new one by default, which the
   * answer holds.
   */
  secret?: string | null;
  /** Don't send browser_ready any more once its session has ended. */
  skipStale?: boolean | null;
  /** Where its deliveries go. */
  url: string;
}

/** What a key is to be like. */
export interface CreateKeyRequest {
  /** What you call it. */
  name?: string | null;
  /** The caller's own by default. */
  projectId?: string | null;
  /**
   * viewer reads; project, the default, also changes what is in its project; operator also manages
   * keys and projects.
   */
  role?: "viewer" | "project" | "operator" | null;
}

/** What a project is to be like. */
export interface CreateProjectRequest {
  /** No other project may have it. */
  name: string;
  /**
   * How many of its sessions may have a browser at once; further ones wait. 0, the default, is any
   * number.
   */
  sessions?: number | null;
}

/** What a session is to be like; all of it may be left out. */
export interface CreateSessionRequest {
  /**
   * shell is the headless shell, Chromium's engine alone, which starts in half the time; chromium
   * is the whole browser. The default is shell where it is installed: of a session that asked for
   * none it is here from READY on.
   */
  browser?: "shell" | "chromium" | null;
  /** What pages are told that the user prefers; light is the default. */
  colorScheme?: "light" | "dark" | null;
  /** Pixels of the screen, and of screenshots, for one of CSS, each way; 1 is the default. */
  deviceScaleFactor?: number | null;
  /** Where the browser is; pages also need the permission geolocation. */
  geolocation?: {
    /** Metres; 0 is the default. */
    accuracy?: number | null;
    /** Degrees north. */
    latitude: number;
    /** Degrees east. */
    longitude: number;
  } | null;
  /**
   * Sent with every request that the browser makes, to whomever. The values of secret ones are
   * never shown; to a key of the role viewer, none is.
   */
  headers?: SessionHeader[] | null;
  /**
   * For servers that ask for HTTP authentication; not for proxies. They are kept encrypted and
   * never shown.
   */
  httpCredentials?: {
    /** Only servers of this origin get them; by default every one that asks. */
    origin?: string | null;
    /** The user's password. */
    password: string;
    /** The user. */
    username: string;
  } | null;
  /** Longest time without a step or a viewer's input, 1s to 24h, or 0s for none; 5m by default. */
  idleTimeout?: string | null;
  /** Open pages whose certificate is not trusted. */
  ignoreCertificateErrors?: boolean | null;
  /** Language, numbers and dates, and Accept-Language. */
  locale?: string | null;
  /** Yours; it comes with every event. */
  metadata?: Record<string, string> | null;
  /** Which hosts the browser may reach, beside what the operator closes. */
  network?: {
    /**
     * The only hosts that may be reached; left out: all. Each is a name, an address, or all names
     * below one as *.example.com.
     */
    allow?: string[] | null;
    /** Hosts that may not be reached, whatever is allowed. */
    deny?: string[] | null;
  } | null;
  /**
   * What a failed step, the url too, does to those after it; stop, which cancels them, is the
   * default.
   */
  onError?: "stop" | "continue" | null;
  /** What every page may do unasked, and nothing else. */
  permissions?: ("accelerometer" | "ambient-light-sensor" | "background-sync" | "camera" | "clipboard-read" | "clipboard-write" | "geolocation" | "gyroscope" | "local-fonts" | "magnetometer" | "microphone" | "midi" | "midi-sysex" | "notifications" | "payment-handler" | "screen-wake-lock" | "storage-access")[] | null;
  /**
   * A proxy that all of the browser's connections go through: http://, https:// or socks5://,
   * [user:password@]host:port. User and password are kept encrypted and never shown.
   */
  proxy?: string | null;
  /**
   * Keeps what the pages look like: off; all of it; or the last so long, 10s to 24h, such as 5m.
   * The default is the server's setting record.
   */
  record?: string | null;
  /** Run as soon as the session is READY. */
  steps?: Step[] | null;
  /** The attribute that testid= looks at; data-testid by default. */
  testIdAttribute?: string | null;
  /** Longest life from READY on, 1s to 24h; 30m by default. */
  timeout?: string | null;
  /** What pages take for the local time. */
  timezone?: string | null;
  /** Opened first, as a goto step: if it fails, onError says what becomes of the steps. */
  url?: string | null;
  /** The client hints follow from it. The default is that of the same Chromium with a window. */
  userAgent?: string | null;
  /** 1280 × 720 by default. The screen is as large. */
  viewport?: {
    /** CSS pixels. */
    height: number;
    /** CSS pixels. */
    width: number;
  } | null;
  /** An endpoint for this session alone. */
  webhook?: {
    /** Event types or wildcards, each once; all by default. */
    events?: string[] | null;
    /**
     * Signs its deliveries: whsec_ and the base64 of 24 to 64 bytes. A new one by default, which
     * the answer holds.
     */
    secret?: string | null;
    /** Where this session's events go. */
    url: string;
  } | null;
}

/** What a link is to be like. */
export interface CreateStreamRequest {
  /**
   * 1s to 24h, of one with replay up to 720h; by default it ends with the session, or of one with
   * replay with the session's data.
   */
  expiresIn?: string | null;
  /** control also takes mouse and keyboard; view is the default. */
  mode?: "view" | "control" | null;
  /**
   * Of who it is for: other viewers see it while they control the session, and the list of viewers
   * has it.
   */
  name?: string | null;
  /**
   * It is for one: who opens it first can come back, in the same tab, and nobody else can open it.
   */
  once?: boolean | null;
  /**
   * It shows the recording too, with the steps, the events and what the pages wrote and asked for,
   * and opens after the session has ended, too.
   */
  replay?: boolean | null;
}

/** An event on its way to an endpoint. */
export interface Delivery {
  /** How many tries there were. */
  attempts: number;
  /** When it was made. */
  createdAt: string;
  /** The delivery. */
  deliveryId: string;
  /** When it was delivered or given up. */
  endedAt?: string;
  /** The endpoint that it goes to. */
  endpointId: string;
  /** Also the webhook-id header. */
  eventId: string;
  /** The event's type. */
  eventType: string;
  /** When it is tried next. */
  nextAttemptAt?: string;
  /** Why it is FAILED or CANCELED. */
  reason?: "exhausted" | "gone" | "expired" | "requested" | "endpoint_deleted";
  /** The event's session, if it is of one. */
  sessionId?: string;
  /** How far it is. PENDING waits for its turn or for its next try. */
  status: "PENDING" | "SENDING" | "DELIVERED" | "FAILED" | "CANCELED";
}

/** How many deliveries something was done to. */
export interface DeliveryCount {
  /** How many it was done to. */
  deliveries: number;
}

/** The data of delivery_failed. */
export interface DeliveryFailedData {
  /** The delivery that was given up. */
  deliveryId: string;
  /** The endpoint that it is about. */
  endpointId: string;
  /** The event that it was of. */
  eventId: string;
  /** What happened. */
  eventType: "delivery_failed";
  /** Why. */
  reason: string;
  /** The status of the endpoint, or of the delivery, after it. */
  status: string;
}

/** A delivery was given up. */
export interface DeliveryFailedEvent {
  data: DeliveryFailedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** It is of no session. */
  sessionId: "";
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "webhook";
}

/** A page of a list. */
export interface DeliveryPage {
  /** What is on this page. */
  data: Delivery[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** A dialog that a page showed. */
export interface DialogResult {
  /** Whether it was answered with yes. */
  accepted: boolean;
  /** What it said. */
  message: string;
  /** What kind of dialog it was. */
  type: "alert" | "confirm" | "prompt" | "beforeunload";
}

/**
 * Says how the dialogs are answered that pages show from now on. Without a rule alerts, questions
 * and prompts are dismissed, and leaving a page is agreed to. Dialogs are answered at once, and
 * what shows one never waits for a step; only while a person has control of the session, one
 * without a rule waits for them, two minutes at most. The result: list: the last dialogs, with
 * type, message and whether they were accepted.
 */
export interface DialogStep {
  /** What the step does. */
  action: "dialog";
  /** For all such dialogs from now on, not for the next one alone. */
  all?: boolean | null;
  /** How they are answered. list says which dialogs there were; reset forgets all rules. */
  do: "accept" | "dismiss" | "list" | "reset";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** The dialogs that it is for; without it all but beforeunload. */
  type?: "alert" | "confirm" | "prompt" | "beforeunload" | null;
  /** accept: the text that a prompt is answered with, rather than what the page proposes. */
  value?: string | null;
}

/** A step of the action dialog. */
export interface DialogStepRun extends StepState {
  /** What the step does. */
  action: "dialog";
  result?: DialogsResult;
  step?: DialogStep;
}

/** What steps answer that have nothing to answer. */
export interface DialogsResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** It was a dry run. */
  dryRun?: boolean;
  /** Of a dry run: the target, as it was found. */
  found?: string;
}

/**
 * Clicks an element twice, as click does once. The result: with popup the new tab, with download
 * the file.
 */
export interface DoubleClickStep {
  /** What the step does. */
  action: "doubleClick";
  /** The mouse button; left is the default. */
  button?: "left" | "right" | "middle" | null;
  /** It starts a download: wait for its end and keep the file as an artifact. */
  download?: boolean | null;
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** Keys held meanwhile. */
  modifiers?: ("Alt" | "Control" | "ControlOrMeta" | "Meta" | "Shift")[] | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /** It opens a tab: wait for that, and go on there. */
  popup?: boolean | null;
  /**
   * Where in the element, in CSS pixels from its top left corner, within its border. Else it is the
   * middle of what is in view of it.
   */
  position?: {
    /** Pixels to the right. */
    x: number;
    /** Pixels down. */
    y: number;
  } | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action doubleClick. */
export interface DoubleClickStepRun extends StepState {
  /** What the step does. */
  action: "doubleClick";
  result?: StartResult;
  step?: DoubleClickStep;
}

/**
 * Answers with a file that a page has the browser download, which is kept as an artifact: the first
 * that no step has taken yet, or the next to come. With url it opens that address, which must be a
 * download. The result: the file: the artifact, its name, type, size and SHA-256, and where it came
 * from.
 */
export interface DownloadStep {
  /** What the step does. */
  action: "download";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** The address of a file. */
  url?: string | null;
}

/** A step of the action download. */
export interface DownloadStepRun extends StepState {
  /** What the step does. */
  action: "download";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: FileResult | DryRunResult;
  step?: DownloadStep;
}

/**
 * Drags an element with the mouse to another, or by some way. It works for pages that follow the
 * mouse and for those that use HTML's drag and drop, in and between frames. At least one of to, x,
 * y is needed.
 */
export interface DragStep {
  /** What the step does. */
  action: "drag";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** Keys held meanwhile. */
  modifiers?: ("Alt" | "Control" | "ControlOrMeta" | "Meta" | "Shift")[] | null;
  /** In how many moves of the mouse; 1 is the default. Some pages need several. */
  moves?: number | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * Where in the element, in CSS pixels from its top left corner, within its border. Else it is the
   * middle of what is in view of it.
   */
  position?: {
    /** Pixels to the right. */
    x: number;
    /** Pixels down. */
    y: number;
  } | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** The element that it is dropped on. */
  to?: string | null;
  /** Where in that element, as position. */
  toPosition?: {
    /** Pixels to the right. */
    x: number;
    /** Pixels down. */
    y: number;
  } | null;
  /** Instead of to: CSS pixels to the right. */
  x?: number | null;
  /** Instead of to: CSS pixels down. */
  y?: number | null;
}

/** A step of the action drag. */
export interface DragStepRun extends StepState {
  /** What the step does. */
  action: "drag";
  result?: DialogsResult;
  step?: DragStep;
}

/** What a dry run answers. */
export interface DryRunResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** It was a dry run. */
  dryRun: boolean;
  /** The target, as it was found. */
  found?: string;
}

/** A webhook endpoint: where events go. */
export interface Endpoint {
  /** Requests at once; not there: as many as it copes with, up to 32. */
  concurrency?: number;
  /** When it was made. */
  createdAt: string;
  /** What it is for, in your words. */
  description?: string;
  /** Why it is DISABLED. */
  disabledReason?: "gone" | "failing" | "requested";
  /** The endpoint. */
  endpointId: string;
  /** What it gets: event types and wildcards. */
  events: string[];
  /** No delivery has succeeded since. */
  failingSince?: string;
  /** Which sessions it gets events of. */
  filter?: EndpointFilter;
  /** Sent with each delivery. */
  headers?: WebhookHeader[];
  /** Yours; it comes with the events that are about the endpoint. */
  metadata: Record<string, string>;
  /** Whether a session's events come one after the other. */
  ordered: boolean;
  /** Verifies its v1a signatures: whpk_ and base64. Also in /.well-known/jwks.json. */
  publicKey?: string;
  /** The kid of the public key there. */
  publicKeyId?: string;
  /** Deliveries a second; not there: no limit. */
  rateLimit?: number;
  /** Its own; not there: the default. */
  retrySchedule?: string[];
  /** Signs its deliveries. Only in the answer to the call that made it. */
  secret?: string;
  /** Of an inline webhook: the one session whose events it gets. */
  sessionId?: string;
  /** Whether browser_ready is left out once its session has ended. */
  skipStale: boolean;
  /** How it did, where a list is asked for that. */
  stats?: EndpointSummary;
  /**
   * Whether it is sent anything. What is for a PAUSED one waits; what is for a DISABLED one passes
   * it by.
   */
  status: "ENABLED" | "PAUSED" | "DISABLED";
  /** When it was last changed. */
  updatedAt: string;
  /** Where its deliveries go. */
  url: string;
}

/** The data of endpoint_disabled. */
export interface EndpointDisabledData {
  /** The delivery that was given up. */
  deliveryId?: string;
  /** The endpoint that it is about. */
  endpointId: string;
  /** The event that it was of. */
  eventId?: string;
  /** What happened. */
  eventType: "endpoint_disabled";
  /** Why. */
  reason: string;
  /** The status of the endpoint, or of the delivery, after it. */
  status: string;
}

/** An endpoint was disabled, since it was gone or only failed. */
export interface EndpointDisabledEvent {
  data: EndpointDisabledData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** It is of no session. */
  sessionId: "";
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "webhook";
}

/** The data of endpoint_failing. */
export interface EndpointFailingData {
  /** The delivery that was given up. */
  deliveryId?: string;
  /** The endpoint that it is about. */
  endpointId: string;
  /** The event that it was of. */
  eventId?: string;
  /** What happened. */
  eventType: "endpoint_failing";
  /** Why. */
  reason: string;
  /** The status of the endpoint, or of the delivery, after it. */
  status: string;
}

/** No delivery to an endpoint has succeeded for an hour. */
export interface EndpointFailingEvent {
  data: EndpointFailingData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** It is of no session. */
  sessionId: "";
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "webhook";
}

/** Which sessions' events an endpoint gets. */
export interface EndpointFilter {
  /** Members of the session's metadata, each with the values of which it must have one. */
  metadata?: Record<string, string[]>;
}

/** A page of a list. */
export interface EndpointPage {
  /** What is on this page. */
  data: Endpoint[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** An endpoint's statistics. */
export interface EndpointStats {
  /** How long each of the bars is. */
  barSeconds: number;
  /** The parts of it, in order, without gaps. */
  bars: AttemptCounts[];
  /**
   * Since when the one is due that is due longest, or when the first will be; not there when none
   * waits.
   */
  dueSince?: string;
  /** The time that it is about, up to now. */
  period: "1h" | "24h" | "7d";
  /** All of it. */
  total: AttemptCounts;
  /** Deliveries that wait now, or are being sent; 10000 is that many or more. */
  waiting: number;
}

/** An endpoint's statistics, in all. */
export interface EndpointSummary {
  /**
   * Since when the one is due that is due longest, or when the first will be; not there when none
   * waits.
   */
  dueSince?: string;
  /** The time that it is about, up to now. */
  period: "1h" | "24h" | "7d";
  /** All of it. */
  total: AttemptCounts;
  /** Deliveries that wait now, or are being sent; 10000 is that many or more. */
  waiting: number;
}

/**
 * Runs JavaScript in the page, as the browser's console does: `const` can be said again, `await`
 * can stand anywhere, a function is called and a promise awaited. The result: the value as JSON, of
 * at most 256 KiB. As with JSON.stringify, what has toJSON (a Date) is written by it, members that
 * are undefined are left out and items that are it are null, and −0 is 0; undefined alone is no
 * result. What JSON has no form for fails the step with where it is: NaN, infinities, a BigInt, a
 * function, a symbol, a cycle, a Map, an element.
 */
export interface EvaluateStep {
  /** What the step does. */
  action: "evaluate";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** JavaScript. */
  expression: string;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action evaluate. */
export interface EvaluateStepRun extends StepState {
  /** What the step does. */
  action: "evaluate";
  /** What it answers, when it has completed; not there if that is nothing. Any JSON value. */
  result?: unknown;
  step?: EvaluateStep;
}

/** An event, as webhooks have it. New types may come: pass over what you don't know. */
export interface Event {
  data: EventData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session; empty in an event of the type webhook. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "browser" | "step" | "webhook";
}

/** What happened, told apart by eventType. */
export type EventData = BrowserReadyData | BrowserFailedData | BrowserClosedData | BrowserCrashedData | BrowserRecoveredData | BrowserDownloadCompletedData | BrowserTakeoverStartedData | BrowserTakeoverEndedData | BrowserRecordingReadyData | StepStartedData | StepCompletedData | StepFailedData | StepCanceledData | EndpointFailingData | EndpointDisabledData | DeliveryFailedData | WebhookTestData;

/** A page of the log. */
export interface EventPage {
  /** Each as its webhook's body. */
  data: Event[];
  /**
   * Pass it as cursor, now or later: it goes on behind all that was looked at, an empty page too.
   */
  nextCursor: string;
}

/** An event type, and what its events are like. */
export interface EventTypeDescription {
  /** A body. */
  example: unknown;
  /** The type of its body. */
  kind: "browser" | "step" | "webhook";
  /** JSON Schema of the body. */
  schema: Record<string, unknown>;
  /** The event type. */
  type: string;
}

/** A page of a list. */
export interface EventTypeDescriptionPage {
  /** What is on this page. */
  data: EventTypeDescription[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** A receiver's answer to an example. */
export interface ExampleAnswer {
  /** Whether it was answered with 2xx. */
  delivered: boolean;
  /** Milliseconds, until the answer or the failure. */
  durationMs: number;
  /** What went wrong, in a sentence. */
  error?: string;
  /** What kind of failure it was; not there when it was delivered. */
  errorClass?: "timeout" | "dns" | "connect" | "tls" | "blocked" | "redirect" | "status" | "protocol" | "proxy" | "internal";
  /** Also the webhook-id header that it was sent with. There is no such event. */
  eventId: string;
  /** The address and port that it went to. */
  remoteAddress?: string;
  /** The first 16 KiB of the answer's body. */
  response?: string;
  /** When it began. */
  startedAt: string;
  /** Of the answer; not there without one. */
  statusCode?: number;
}

/** Where a delivery is, or why there is none. */
export interface Explanation {
  /** Stable. */
  code: string;
  /** Not there when the endpoint was not to get it. */
  delivery?: Delivery;
  /** The endpoint that it is about. */
  endpointId: string;
  /** A sentence or two. */
  explanation: string;
  /** When it is tried next. */
  nextAttemptAt?: string;
  /**
   * Of an ordered endpoint: the id of the earliest delivery that has to be delivered or given up
   * before this one is sent.
   */
  waitsFor?: string;
}

/** A page of a list. */
export interface ExplanationPage {
  /** What is on this page. */
  data: Explanation[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/**
 * Reads the page, in one look, once all that is asked for is there; an optional field is null if it
 * alone is missing. A field is a target, of which the text is taken, or an object; inside each
 * match of a list, targets are looked for in that match, one without a match is null, and a field
 * without a target is about the match itself. A list may be empty: where it fills late, a waitFor
 * comes first. The result: what was read. At least one of target, each, fields is needed.
 */
export interface ExtractStep {
  /** What the step does. */
  action: "extract";
  /** A list of all matches instead of the one. */
  all?: boolean | null;
  /** This attribute instead of the text, as it is written. */
  attribute?: string | null;
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** A list of what all that match this target have; the same as target with all. */
  each?: string | null;
  /** An object with these members, each a target or a field. */
  fields?: Record<string, string | {
    /** A list of all matches. */
    all?: boolean | null;
    /** This attribute instead of the text. */
    attribute?: string | null;
    /** A list of what all that match this target have. */
    each?: string | null;
    /** The same again, inside each match. */
    fields?: Record<string, unknown> | null;
    /** The language that a number is written in. */
    locale?: string | null;
    /** Nobody waits for it: it is null where the target isn't found. */
    optional?: boolean | null;
    /** Looked for inside the element that the list is of. */
    target?: string | null;
    /** What to make of it. */
    type?: "text" | "number" | "html" | "value" | "markdown" | "links" | "table" | null;
  }> | null;
  /**
   * number: the language that it is written in; the page's lang, or else the session's, by default.
   */
  locale?: string | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target?: string | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /**
   * What to make of it; text is the default. number: the first number, or null. value: what a field
   * holds. markdown: what is seen, as Markdown. links: a list of text and url. table: a list of
   * rows, by the words of the table's head if it has one.
   */
  type?: "text" | "number" | "html" | "value" | "markdown" | "links" | "table" | null;
}

/** A step of the action extract. */
export interface ExtractStepRun extends StepState {
  /** What the step does. */
  action: "extract";
  /** What it answers, when it has completed; not there if that is nothing. Any JSON value. */
  result?: unknown;
  step?: ExtractStep;
}

/** Why something failed. */
export interface Failure {
  /** What the page was like when the step failed: a zip. */
  artifactId?: string;
  /** Stable name of what went wrong. */
  code: string;
  /** What it might have. */
  limit?: number;
  /** The browser's last lines. */
  lines?: string[];
  /** One sentence for a person. */
  message: string;
  /** What it saw instead. */
  seen?: string;
  /** The step that ran when the browser was lost, or the last before. */
  stepId?: string;
  /** What a browser had when it was ended for having too much: bytes, of processes their number. */
  used?: number;
  /** What the step waited for. */
  waitedFor?: string;
}

/** A field that is wrong. */
export interface FieldError {
  /** Its path in the body, or the name of the parameter or header. */
  field: string;
  /** What is wrong with it, and what would be right. */
  message: string;
}

/** A file that was downloaded. */
export interface FileResult {
  /** The file. */
  artifactId: string;
  /** Its media type. */
  contentType: string;
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** What the page calls the file, made harmless. */
  name: string;
  /** In hex. */
  sha256: string;
  /** Bytes. */
  size: number;
  /** Where it came from. */
  url: string;
}

/** Puts a text into a field in the place of what it holds. */
export interface FillStep {
  /** What the step does. */
  action: "fill";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * The value is a secret: it is kept encrypted, shown to nobody, taken out of what steps answer
   * and why they fail, and what shows it of fields and texts is covered in pictures.
   */
  secret?: boolean | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** The text. */
  value: string;
}

/** A step of the action fill. */
export interface FillStepRun extends StepState {
  /** What the step does. */
  action: "fill";
  result?: DialogsResult;
  step?: FillStep;
}

/**
 * Goes forward in the page's history. The result: the page's address and title, and the status of
 * the HTTP answer.
 */
export interface ForwardStep {
  /** What the step does. */
  action: "forward";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /**
   * How far the page must have loaded; load is the default of a navigation. networkidle is when
   * half a second has passed without a request.
   */
  waitUntil?: "commit" | "domcontentloaded" | "load" | "networkidle" | null;
}

/** A step of the action forward. */
export interface ForwardStepRun extends StepState {
  /** What the step does. */
  action: "forward";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PageResult | DryRunResult;
  step?: ForwardStep;
}

/** A place on Earth. */
export interface Geolocation {
  /** Metres; 0 is the default. */
  accuracy?: number;
  /** Degrees north. */
  latitude: number;
  /** Degrees east. */
  longitude: number;
}

/**
 * Opens an address. The result: the page's address and title, and the status of the HTTP answer.
 */
export interface GotoStep {
  /** What the step does. */
  action: "goto";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** Where to: http, https, data or about:blank. */
  url: string;
  /**
   * How far the page must have loaded; load is the default of a navigation. networkidle is when
   * half a second has passed without a request.
   */
  waitUntil?: "commit" | "domcontentloaded" | "load" | "networkidle" | null;
}

/** A step of the action goto. */
export interface GotoStepRun extends StepState {
  /** What the step does. */
  action: "goto";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PageResult | DryRunResult;
  step?: GotoStep;
}

/** Brings the mouse over an element, when it is visible, at rest, in view and not covered. */
export interface HoverStep {
  /** What the step does. */
  action: "hover";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** Keys held meanwhile. */
  modifiers?: ("Alt" | "Control" | "ControlOrMeta" | "Meta" | "Shift")[] | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * Where in the element, in CSS pixels from its top left corner, within its border. Else it is the
   * middle of what is in view of it.
   */
  position?: {
    /** Pixels to the right. */
    x: number;
    /** Pixels down. */
    y: number;
  } | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action hover. */
export interface HoverStepRun extends StepState {
  /** What the step does. */
  action: "hover";
  result?: DialogsResult;
  step?: HoverStep;
}

/** A login by HTTP authentication. */
export interface HttpCredentials {
  /** Only servers of this origin get them; by default every one that asks. */
  origin?: string;
  /** The user's password. */
  password: string;
  /** The user. */
  username: string;
}

/** An API key, of a project and with a role. */
export interface Key {
  /** When it was made. */
  createdAt: string;
  /**
   * The key itself. Only in the answer to the call that made it, and not when that is repeated: it
   * isn't stored.
   */
  key?: string;
  /** The key. */
  keyId: string;
  /** What you call it. */
  name: string;
  /** How the key begins. */
  prefix: string;
  /** The project that it is of. */
  projectId: string;
  /** When it was revoked, if it was. */
  revokedAt?: string;
  /** What it may do. */
  role: "viewer" | "project" | "operator";
}

/** A page of a list. */
export interface KeyPage {
  /** What is on this page. */
  data: Key[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** What a page wrote or asked for. Which members there are depends on its kind. */
export interface LogEntry {
  /** When it happened or, of a request, began. */
  at: string;
  /** Of the answer's body, decoded. */
  bodyBytes?: number;
  /** What answered in the server's place. */
  cache?: "memory" | "disk" | "prefetch" | "serviceWorker";
  /** Of the script, from 1. */
  column?: number;
  /** Not there: the request is under way. */
  durationMs?: number;
  /** Why no answer came. */
  failure?: string;
  /** That the connection was to. */
  host?: string;
  /**
   * error is an exception that a page didn't catch; refused is a connection that the session may
   * not make.
   */
  kind: "console" | "error" | "request" | "refused";
  /** Of the script, from 1. */
  line?: number;
  /** The request's. */
  method?: string;
  /** The answer's media type. */
  mimeType?: string;
  /** In the order in which they began, from 1. It can be passed as cursor. */
  number: number;
  /** That the connection was to. */
  port?: number;
  /** That the answer came by. */
  protocol?: string;
  /** Why it was refused. */
  reason?: string;
  /** Where the answer sent the browser: that is the next request. */
  redirectUrl?: string;
  /** What it was asked for as. */
  resourceType?: string;
  /** Not there: no answer came. */
  status?: number;
  /** Of the step that ran then, if any did. */
  stepId?: string;
  /** What was written, or what the exception says. */
  text?: string;
  /** The parts of durationMs; -1: there was none. */
  timings?: Timings;
  /** Of the answer, on the wire. */
  transferredBytes?: number;
  /** Of the console: log, warning, error, … */
  type?: string;
  /** That was asked for or, of the console and of errors, of the script. */
  url?: string;
}

/** A page of a list. */
export interface LogPage {
  /** The entries, in the order of their numbers. */
  data: LogEntry[];
  /** How many of the oldest entries were dropped, since the log had grown too long. */
  dropped: number;
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** Hosts that may be reached, and may not. */
export interface Network {
  /**
   * The only hosts that may be reached; left out: all. Each is a name, an address, or all names
   * below one as *.example.com.
   */
  allow?: string[];
  /** Hosts that may not be reached, whatever is allowed. */
  deny?: string[];
}

/** A server. */
export interface Node {
  /**
   * That it can start, its default first; left out by one that has none, or is of a release that
   * didn't say.
   */
  browsers?: ("shell" | "chromium")[];
  /** How many more sessions can be started there now. */
  freeSlots: number;
  /** When it last showed that it lives, which it does every two seconds. */
  lastSeen: string;
  /** The server. */
  nodeId: string;
  /** That have a browser there, or get one. */
  sessions: number;
  /** When it started. */
  startedAt: string;
  /** One that is DRAINING starts no more sessions, and ends with its last. */
  state: "READY" | "DRAINING";
  /** Where the other nodes reach it: node-url. */
  url?: string;
  /** Of browserhook, that runs there. */
  version?: string;
}

/** A page of a list. */
export interface NodePage {
  /** What is on this page. */
  data: Node[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** What is on a page. */
export interface OutlineResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** How many lines the whole outline has. */
  lines: number;
  /** The first line that is left, for from; not there when none is. */
  next?: number;
  /** A line for each thing on the page. */
  outline: string;
  /** The page's title. */
  title: string;
  /** The page's address. */
  url: string;
}

/** The page that a step has led to. */
export interface PageResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** Of the HTTP answer; not there without one. */
  status?: number;
  /** The page's title. */
  title: string;
  /** The page's address. */
  url: string;
}

/**
 * Prints the page, as its style for print has it, and keeps the PDF as an artifact. The result: the
 * artifact.
 */
export interface PdfStep {
  /** What the step does. */
  action: "pdf";
  /** Backgrounds are printed too. */
  background?: boolean | null;
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** The paper; A4 is the default. */
  format?: "A3" | "A4" | "A5" | "Letter" | "Legal" | "Tabloid" | null;
  /** The paper lies on its longer side. */
  landscape?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /** Which pages; all by default. */
  pageRanges?: string | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action pdf. */
export interface PdfStepRun extends StepState {
  /** What the step does. */
  action: "pdf";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: ArtifactResult | DryRunResult;
  step?: PdfStep;
}

/** The picture that a step has made. */
export interface PictureResult {
  /** The picture. */
  artifactId: string;
  /** Its media type. */
  contentType: string;
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** Its own pixels. */
  height: number;
  /** Something that was asked for is not in it. */
  partial?: boolean;
  /** Bytes. */
  size: number;
  /** Its own pixels. */
  width: number;
}

/**
 * Presses a key or a chord, in the target or in what has the focus. The result: with popup the new
 * tab, with download the file.
 */
export interface PressStep {
  /** What the step does. */
  action: "press";
  /** It starts a download: wait for its end and keep the file as an artifact. */
  download?: boolean | null;
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** A key or chord. */
  key: string;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /** It opens a tab: wait for that, and go on there. */
  popup?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target?: string | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action press. */
export interface PressStepRun extends StepState {
  /** What the step does. */
  action: "press";
  result?: StartResult;
  step?: PressStep;
}

/** An error: RFC 9457, with a stable code. */
export interface Problem {
  /** Stable name of what is wrong. */
  code: string;
  /** One sentence for a person. */
  detail?: string;
  /** The fields that are wrong, the first 20 of them. */
  errors?: FieldError[];
  /** Names the request in the server's log; also in the header X-Request-Id. */
  requestId: string;
  /** From when on the request can be done; Retry-After says it too. */
  retryAt?: string;
  /** The answer's HTTP status. */
  status: number;
  /** What the status is called. */
  title: string;
  /** Opens what the code means. */
  type: string;
}

/** What keys are of. What is in one is seen by its own keys alone. */
export interface Project {
  /** When it was made. */
  createdAt: string;
  /** What you call it. */
  name: string;
  /** The project. */
  projectId: string;
  /** How many of its sessions may have a browser at once; not there: any number. */
  sessions?: number;
}

/** A page of a list. */
export interface ProjectPage {
  /** What is on this page. */
  data: Project[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** What there is of a session's recording. */
export interface Recording {
  /** When the session ended. */
  endedAt?: string;
  /** How much is kept: off, all, or the last so long. */
  record: string;
  /** Its parts, the oldest first. */
  segments: Segment[];
  /** Bytes, of all segments. */
  size: number;
  /** When the first picture that is there was taken; not there: none was. */
  startedAt?: string;
}

/** The time of which an endpoint is sent what it has missed. */
export interface RecoverEndpointRequest {
  /** From when on. */
  since: string;
  /** Now, by default. */
  until?: string;
}

/**
 * Loads the page anew. The result: the page's address and title, and the status of the HTTP answer.
 */
export interface ReloadStep {
  /** What the step does. */
  action: "reload";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /**
   * How far the page must have loaded; load is the default of a navigation. networkidle is when
   * half a second has passed without a request.
   */
  waitUntil?: "commit" | "domcontentloaded" | "load" | "networkidle" | null;
}

/** A step of the action reload. */
export interface ReloadStepRun extends StepState {
  /** What the step does. */
  action: "reload";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PageResult | DryRunResult;
  step?: ReloadStep;
}

/** Which deliveries to send again: those that all of it picks. */
export interface RetryDeliveriesRequest {
  /** Only those to this endpoint. */
  endpointId?: string;
  /** Only those of this event. */
  eventId?: string;
  /** Only those of events of this type. */
  eventType?: string;
  /** Created at or after. */
  from?: string;
  /** Only those of events of this session. */
  sessionId?: string;
  /** Only those that are so. */
  status?: "PENDING" | "DELIVERED" | "FAILED" | "CANCELED";
  /** Created before. */
  to?: string;
}

/** How a secret is to be replaced. */
export interface RotateSecretRequest {
  /** How long the old secret signs beside the new one: 0s to 720h. */
  overlap?: string | null;
}

/**
 * Takes a picture of what is in view, of an element, in a frame too, or of the whole page however
 * tall it is, and keeps it as an artifact. The result: the artifact, and how large the picture is,
 * in its own pixels. partial says that an element is larger than what its frame shows, and the
 * picture only of that, or that a picture of more than is in view lacks what frames of other sites
 * don't draw while they are out of view: a picture of such a frame's element has it. Where
 * something is covered, a frame that has not drawn its new page yet is left out, too.
 */
export interface ScreenshotStep {
  /** What the step does. */
  action: "screenshot";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** png is the default. */
  format?: "png" | "jpeg" | null;
  /** The whole page, not only what is in view. */
  fullPage?: boolean | null;
  /** What all that match these targets, in every frame, is covered in the picture. */
  mask?: string[] | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /** Of a jpeg. */
  quality?: number | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * A pixel of the picture for one of the screen (device, the default) or for one of CSS. They
   * differ where the session has a deviceScaleFactor.
   */
  scale?: "device" | "css" | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target?: string | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action screenshot. */
export interface ScreenshotStepRun extends StepState {
  /** What the step does. */
  action: "screenshot";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PictureResult | DryRunResult;
  step?: ScreenshotStep;
}

/** Where the page, or the element, is scrolled to. */
export interface ScrollResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** CSS pixels. */
  x: number;
  /** CSS pixels. */
  y: number;
}

/**
 * Turns the mouse's wheel over the page or, with a target, over that, as a user does who scrolls in
 * it; a target alone is scrolled into view. The result: how far what was scrolled is scrolled then.
 * At least one of target, x, y is needed.
 */
export interface ScrollStep {
  /** What the step does. */
  action: "scroll";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target?: string | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** CSS pixels to the right. */
  x?: number | null;
  /** CSS pixels down. */
  y?: number | null;
}

/** A step of the action scroll. */
export interface ScrollStepRun extends StepState {
  /** What the step does. */
  action: "scroll";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: ScrollResult | DryRunResult;
  step?: ScrollStep;
}

/** A part of a recording. */
export interface Segment {
  /** The artifact that it is, when it is whole. */
  artifactId: string;
  /** Pictures are added still: it is no artifact yet. */
  open?: boolean;
  /** Bytes. */
  size: number;
  /** When its first picture was taken. It lasts until the next segment, or to the end. */
  startedAt: string;
}

/** What is chosen now. */
export interface SelectResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** That are chosen; of a list of the page's own, the labels. */
  values: string[];
}

/**
 * Chooses options of a select, or of a list that the page makes itself: role=combobox, which is
 * opened by a click, or role=listbox. The result: the values that are chosen; of a list of the
 * page's own, the labels. At least one of value, label, values, index is needed.
 */
export interface SelectStep {
  /** What the step does. */
  action: "select";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** The option at this place; the first is 0. */
  index?: number | null;
  /** An option's label, whatever the values are. */
  label?: string | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** An option's value or label. */
  value?: string | null;
  /** Several options, or none. */
  values?: string[] | null;
}

/** A step of the action select. */
export interface SelectStepRun extends StepState {
  /** What the step does. */
  action: "select";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: SelectResult | DryRunResult;
  step?: SelectStep;
}

/** Of what to send an example. */
export interface SendExampleRequest {
  /** Of which type. */
  eventType: string;
}

/** A browser of its own, from its creation on; it stays to be read when it has ended. */
export interface Session {
  /**
   * shell is the headless shell, Chromium's engine alone, which starts in half the time; chromium
   * is the whole browser. The default is shell where it is installed: of a session that asked for
   * none it is here from READY on.
   */
  browser?: "shell" | "chromium";
  /** Why it has ended. */
  closeReason?: "requested" | "timeout" | "idle" | "crashed" | "node_lost" | "shutdown";
  /** What pages are told that the user prefers; light is the default. */
  colorScheme?: "light" | "dark";
  /**
   * Where Playwright, Puppeteer and other programs use the browser by the DevTools protocol, until
   * the session ends. Whoever has it can do all that the session can; keys that may only read don't
   * see it.
   */
  connectUrl?: string;
  /** When it was made. */
  createdAt: string;
  /** Pixels of the screen, and of screenshots, for one of CSS, each way; 1 is the default. */
  deviceScaleFactor?: number;
  /** When it ended. */
  endedAt?: string;
  /** Why it failed, or lost its browser. */
  error?: Failure;
  /** Where the browser is; pages also need the permission geolocation. */
  geolocation?: Geolocation;
  /**
   * Sent with every request that the browser makes, to whomever. The values of secret ones are
   * never shown; to a key of the role viewer, none is.
   */
  headers?: SessionHeader[];
  /**
   * For servers that ask for HTTP authentication; not for proxies. They are kept encrypted and
   * never shown.
   */
  httpCredentials?: HttpCredentials;
  /** Longest time without a step or a viewer's input; 0s: none. */
  idleTimeout: string;
  /** Open pages whose certificate is not trusted. */
  ignoreCertificateErrors?: boolean;
  /** Language, numbers and dates, and Accept-Language. */
  locale?: string;
  /** Yours; it comes with every event. */
  metadata: Record<string, string>;
  /** Which hosts the browser may reach, beside what the operator closes. */
  network?: Network;
  /** What every page may do unasked, and nothing else. */
  permissions?: ("accelerometer" | "ambient-light-sensor" | "background-sync" | "camera" | "clipboard-read" | "clipboard-write" | "geolocation" | "gyroscope" | "local-fonts" | "magnetometer" | "microphone" | "midi" | "midi-sysex" | "notifications" | "payment-handler" | "screen-wake-lock" | "storage-access")[];
  /**
   * A proxy that all of the browser's connections go through: http://, https:// or socks5://,
   * [user:password@]host:port. User and password are kept encrypted and never shown.
   */
  proxy?: string;
  /**
   * While it is QUEUED: its place among all that wait, of all projects, which take turns; 1 is
   * next. It is as things are now: others may end, come and wait for their project's limit.
   */
  queuePosition?: number;
  /** When it got its browser. */
  readyAt?: string;
  /** How much of what the pages look like is kept: off, all, or the last so long. */
  record: string;
  /** The session. */
  sessionId: string;
  /** How far it is. A QUEUED one waits for a browser; steps run while it is READY. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /**
   * Only in the answer to the call that made them; when that is repeated and they are long by then,
   * the later ones without their results.
   */
  steps?: StepRun[];
  /** The live page; whoever has the link can look. */
  streamingUrl: string;
  /** The attribute that testid= looks at. */
  testIdAttribute?: string;
  /** Longest life from READY on. */
  timeout: string;
  /** What pages take for the local time. */
  timezone?: string;
  /** The page that was opened first. */
  url?: string;
  /**
   * What the browser has had of the network: all of it when the session has ended, and before that
   * what its server knows.
   */
  usage: Usage;
  /** The client hints follow from it. The default is that of the same Chromium with a window. */
  userAgent?: string;
  /** 1280 × 720 by default. The screen is as large. */
  viewport?: Viewport;
  /** Only in the answer to the call that made it. */
  webhook?: Endpoint;
}

/** A header of what the browser requests. */
export interface SessionHeader {
  /** The header's name. */
  name: string;
  /** The value is kept encrypted, and never shown again. */
  secret?: boolean | null;
  /** What it says. */
  value: string;
}

/** A page of a list. */
export interface SessionPage {
  /** What is on this page. */
  data: Session[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** Sets cookies of the session's browser. */
export interface SetCookiesStep {
  /** What the step does. */
  action: "setCookies";
  /** At most 500. */
  cookies: Cookie[];
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action setCookies. */
export interface SetCookiesStepRun extends StepState {
  /** What the step does. */
  action: "setCookies";
  result?: DialogsResult;
  step?: SetCookiesStep;
}

/**
 * Tells what is on the page as an outline, for a reader who can't see it: each line has a role and
 * a name, then states and what a field holds. The target of a line is role=ROLE[name="NAME"], or
 * what stands behind its arrow; in a frame, the frame's own line and >> come before it. A name or
 * text that ends in … is cut. The result: the page's address and title, the outline, how many
 * lines the whole of it has, and, if some are left, the next one.
 */
export interface SnapshotStep {
  /** What the step does. */
  action: "snapshot";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** Begin with this line; next of the snapshot before. */
  from?: number | null;
  /** How many characters the outline may have; 10000 is the default. next says where to go on. */
  maxLength?: number | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target?: string | null;
  /** Only the lines that hold this text, in any case, and those that they are in. */
  text?: string | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action snapshot. */
export interface SnapshotStepRun extends StepState {
  /** What the step does. */
  action: "snapshot";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: OutlineResult | DryRunResult;
  step?: SnapshotStep;
}

/** What an input has started: a tab, or a download. */
export interface StartResult {
  /** With download: the file, and so are the other members. */
  artifactId?: string;
  /** Its media type. */
  contentType?: string;
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** It was a dry run. */
  dryRun?: boolean;
  /** Of a dry run: the target, as it was found. */
  found?: string;
  /** What the page calls the file, made harmless. */
  name?: string;
  /** In hex. */
  sha256?: string;
  /** Bytes. */
  size?: number;
  /** With popup: the new tab. */
  tab?: TabResult;
  /** Where it came from. */
  url?: string;
}

/** A cookie that a browser has. */
export interface StateCookie {
  /** Of a partitioned cookie: whether a frame of another site was between. */
  _crHasCrossSiteAncestor?: boolean | null;
  /** Whose hosts get it. */
  domain: string;
  /** Seconds since 1970; -1 or none is a session cookie. */
  expires?: number | null;
  /** Whether pages' scripts don't see it. */
  httpOnly?: boolean | null;
  /** The cookie's name. */
  name: string;
  /** The top-level site that a partitioned cookie belongs to. */
  partitionKey?: string | null;
  /** Below which paths. */
  path: string;
  /** When requests from other sites carry it. */
  sameSite?: "Strict" | "Lax" | "None" | null;
  /** Whether it goes over HTTPS alone. */
  secure?: boolean | null;
  /** What it holds. */
  value: string;
}

/** An entry of an origin's local storage. */
export interface StateItem {
  /** The key. */
  name: string;
  /** What is kept under it. */
  value: string;
}

/** What an origin keeps. */
export interface StateOrigin {
  /** Databases, as Playwright writes them. */
  indexedDB?: unknown[] | null;
  /** Its local storage. */
  localStorage: StateItem[];
  /** Scheme, host and port. */
  origin: string;
}

/** A step: its action, and what that action takes. */
export type Step = GotoStep | BackStep | ForwardStep | ReloadStep | ClickStep | DoubleClickStep | HoverStep | TapStep | DragStep | FillStep | TypeStep | PressStep | SelectStep | CheckStep | UncheckStep | UploadStep | ScrollStep | WaitForStep | AssertStep | ExtractStep | SnapshotStep | EvaluateStep | ScreenshotStep | PdfStep | SetCookiesStep | StorageStep | TabStep | DialogStep | DownloadStep;

/** The data of step_canceled. */
export interface StepCanceledData {
  /** What it does. */
  action: string;
  /** How long it took. */
  durationMs: number;
  error?: Failure;
  /** What happened. */
  eventType: "step_canceled";
  /** Its place in the session; the first is 0. */
  index: number;
  /** What it answers, as in the step itself. */
  result?: unknown;
  /** The step's status after it. */
  status: "PENDING" | "RUNNING" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELED" | "INTERRUPTED";
  /** The step. */
  stepId: string;
  /** The live page. */
  streamingUrl: string;
  /** Why the earlier tries of a step with retries failed. */
  tries?: Failure[];
}

/** A step was canceled. */
export interface StepCanceledEvent {
  data: StepCanceledData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "step";
}

/** The data of step_completed. */
export interface StepCompletedData {
  /** What it does. */
  action: string;
  /** How long it took. */
  durationMs: number;
  error?: Failure;
  /** What happened. */
  eventType: "step_completed";
  /** Its place in the session; the first is 0. */
  index: number;
  /** What it answers, as in the step itself. */
  result?: unknown;
  /** The step's status after it. */
  status: "PENDING" | "RUNNING" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELED" | "INTERRUPTED";
  /** The step. */
  stepId: string;
  /** The live page. */
  streamingUrl: string;
  /** Why the earlier tries of a step with retries failed. */
  tries?: Failure[];
}

/** A step has done what it was to do; result is what it answers. */
export interface StepCompletedEvent {
  data: StepCompletedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "step";
}

/** The data of step_failed. */
export interface StepFailedData {
  /** What it does. */
  action: string;
  /** How long it took. */
  durationMs: number;
  error: Failure;
  /** What happened. */
  eventType: "step_failed";
  /** Its place in the session; the first is 0. */
  index: number;
  /** What it answers, as in the step itself. */
  result?: unknown;
  /** The step's status after it. */
  status: "PENDING" | "RUNNING" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELED" | "INTERRUPTED";
  /** The step. */
  stepId: string;
  /** The live page. */
  streamingUrl: string;
  /** Why the earlier tries of a step with retries failed. */
  tries?: Failure[];
}

/** A step has failed, or was interrupted; error says why. */
export interface StepFailedEvent {
  data: StepFailedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "step";
}

/**
 * A step of a session: what it was given, how far it is, and what it answers; told apart by its
 * action. step: As it was given, but for what is marked as secret, which is an ellipsis. To a key
 * of the role viewer, value, values and the value of cookies are an ellipsis, and addresses have no
 * user and password. Not there when it can't be read at the moment.
 */
export type StepRun = AssertStepRun | BackStepRun | CheckStepRun | ClickStepRun | DialogStepRun | DoubleClickStepRun | DownloadStepRun | DragStepRun | EvaluateStepRun | ExtractStepRun | FillStepRun | ForwardStepRun | GotoStepRun | HoverStepRun | PdfStepRun | PressStepRun | ReloadStepRun | ScreenshotStepRun | ScrollStepRun | SelectStepRun | SetCookiesStepRun | SnapshotStepRun | StorageStepRun | TabStepRun | TapStepRun | TypeStepRun | UncheckStepRun | UploadStepRun | WaitForStepRun;

/** A page of a list. */
export interface StepRunPage {
  /** What is on this page. */
  data: StepRun[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** The data of step_started. */
export interface StepStartedData {
  /** What it does. */
  action: string;
  /** How long it took. */
  durationMs?: number;
  error?: Failure;
  /** What happened. */
  eventType: "step_started";
  /** Its place in the session; the first is 0. */
  index: number;
  /** What it answers, as in the step itself. */
  result?: unknown;
  /** The step's status after it. */
  status: "PENDING" | "RUNNING" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELED" | "INTERRUPTED";
  /** The step. */
  stepId: string;
  /** The live page. */
  streamingUrl: string;
  /** Why the earlier tries of a step with retries failed. */
  tries?: Failure[];
}

/** A step runs. */
export interface StepStartedEvent {
  data: StepStartedData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** The session. */
  sessionId: string;
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "step";
}

/** What is known of a step of any action. */
export interface StepState {
  /** When it was added. */
  createdAt: string;
  /** How long it took, in milliseconds, when it has ended. */
  durationMs?: number;
  /** Why it failed. */
  error?: Failure;
  /** When it ended. */
  finishedAt?: string;
  /** Its place in the session; the first is 0. */
  index: number;
  /** When it began to run. */
  startedAt?: string;
  /** How far it is. WAITING is for a person; INTERRUPTED is one that the browser was lost under. */
  status: "PENDING" | "RUNNING" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELED" | "INTERRUPTED";
  /** The step. */
  stepId: string;
  /** Why the earlier tries of a step with retries failed. */
  tries?: Failure[];
}

/** What was found in the browser, or put into it. */
export interface StorageResult {
  /** get: what was found, as Playwright's storageState. */
  artifactId?: string;
  /** Its media type. */
  contentType?: string;
  /** How many there are, or were. */
  cookies?: number;
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** It was a dry run. */
  dryRun?: boolean;
  /** Of a dry run: the target, as it was found. */
  found?: string;
  /** How many there are, or were. */
  origins?: number;
  /** Bytes. */
  size?: number;
}

/**
 * Keeps, replaces or clears what the session's pages have stored: cookies, local storage and
 * IndexedDB, of every origin that they were of. What get finds is Playwright's storageState, as an
 * encrypted artifact that a key of the role project can fetch; it is in no event. set clears all
 * first. The result: get: the artifact, and how many cookies and origins are in it. set: how many
 * there were.
 */
export interface StorageStep {
  /** What the step does. */
  action: "storage";
  /** set, instead: the artifact that get made, however large, without it going over the wire. */
  artifactId?: string | null;
  /** What to do. */
  do: "get" | "set" | "clear";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** get: IndexedDB too, which takes longer. */
  indexedDB?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /** The session that the artifact is of; this one if it is left out. */
  sessionId?: string | null;
  /** set: what get has kept, or Playwright's context.storageState(), within a request's 1 MiB. */
  storageState?: {
    /** All of them. */
    cookies: StateCookie[];
    /** What each origin keeps. */
    origins: StateOrigin[];
  } | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action storage. */
export interface StorageStepRun extends StepState {
  /** What the step does. */
  action: "storage";
  result?: StorageResult;
  step?: StorageStep;
}

/** A link to a session's live page. */
export interface Stream {
  /** When it was made. */
  createdAt: string;
  /** When it ends; not there: with the session. */
  expiresAt?: string;
  /** Whether it takes mouse and keyboard. */
  mode: "view" | "control";
  /** Of who it is for. */
  name?: string;
  /** Whether it is for one. */
  once?: boolean;
  /** Whether it shows the recording too, and outlives the session. */
  replay?: boolean;
  /** When it was revoked, if it was. */
  revokedAt?: string;
  /** The link. */
  streamId: string;
  /** The link itself: whoever has it gets in. */
  streamingUrl: string;
}

/** A tab. */
export interface TabResult {
  /** Steps run in it. */
  current: boolean;
  /** Its place; the first is 0. */
  index: number;
  /** Its page's title. */
  title: string;
  /** Its page's address. */
  url: string;
}

/**
 * Lists the session's tabs, opens one, goes to one or closes one. Steps run in the current tab;
 * when that closes, its opener is the current one, or else the one before. The result: the tabs,
 * each with its index, address and title, and whether it is current; or the tab that is the current
 * one now.
 */
export interface TabStep {
  /** What the step does. */
  action: "tab";
  /**
   * What to do; list is the default. wait goes to the tab that was opened first of those that no
   * step has been in, and waits for one. switch waits for a tab that is as said. close closes the
   * current one, unless one is named.
   */
  do?: "list" | "open" | "switch" | "wait" | "close" | null;
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** switch, close: the tab at this place, the first is 0. */
  index?: number | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** switch, close: the tab with this title. */
  title?: string | null;
  /**
   * open: the address to open. switch, close: the tab whose address is this; * stands for anything.
   */
  url?: string | null;
}

/** A step of the action tab. */
export interface TabStepRun extends StepState {
  /** What the step does. */
  action: "tab";
  result?: TabsResult;
  step?: TabStep;
}

/** The tabs of a session. */
export interface TabsResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** It was a dry run. */
  dryRun?: boolean;
  /** Of a dry run: the target, as it was found. */
  found?: string;
  /** The current tab. */
  tab?: TabResult;
  /** All of them, in order. */
  tabs?: TabResult[];
}

/**
 * Taps an element with a finger, when it is visible, enabled, at rest, in view and not covered. The
 * page sees the touch, and then the click that a browser makes of it. The result: with popup the
 * new tab, with download the file.
 */
export interface TapStep {
  /** What the step does. */
  action: "tap";
  /** It starts a download: wait for its end and keep the file as an artifact. */
  download?: boolean | null;
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** Keys held meanwhile. */
  modifiers?: ("Alt" | "Control" | "ControlOrMeta" | "Meta" | "Shift")[] | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /** It opens a tab: wait for that, and go on there. */
  popup?: boolean | null;
  /**
   * Where in the element, in CSS pixels from its top left corner, within its border. Else it is the
   * middle of what is in view of it.
   */
  position?: {
    /** Pixels to the right. */
    x: number;
    /** Pixels down. */
    y: number;
  } | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action tap. */
export interface TapStepRun extends StepState {
  /** What the step does. */
  action: "tap";
  result?: StartResult;
  step?: TapStep;
}

/** The parts of a request's time, in milliseconds; -1: there was none. */
export interface Timings {
  /** Until it was sent on its way, in milliseconds. */
  blocked: number;
  /** With ssl. */
  connect: number;
  /** Looking up the name. */
  dns: number;
  /** Receiving the answer. */
  receive: number;
  /** Sending the request. */
  send: number;
  /** Agreeing on TLS. */
  ssl: number;
  /** Until the answer began. */
  wait: number;
}

/** Types a text key by key, into the target or into what has the focus. */
export interface TypeStep {
  /** What the step does. */
  action: "type";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /**
   * Through an input method, as Chinese or Japanese is typed: the page sees a composition, and then
   * the text.
   */
  ime?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * The value is a secret: it is kept encrypted, shown to nobody, taken out of what steps answer
   * and why they fail, and what shows it of fields and texts is covered in pictures.
   */
  secret?: boolean | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target?: string | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** The text. */
  value: string;
}

/** A step of the action type. */
export interface TypeStepRun extends StepState {
  /** What the step does. */
  action: "type";
  result?: DialogsResult;
  step?: TypeStep;
}

/** Unchecks a checkbox, by a click. One that is unchecked stays so. */
export interface UncheckStep {
  /** What the step does. */
  action: "uncheck";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * Where in the element, in CSS pixels from its top left corner, within its border. Else it is the
   * middle of what is in view of it.
   */
  position?: {
    /** Pixels to the right. */
    x: number;
    /** Pixels down. */
    y: number;
  } | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action uncheck. */
export interface UncheckStepRun extends StepState {
  /** What the step does. */
  action: "uncheck";
  result?: DialogsResult;
  step?: UncheckStep;
}

/** What is to be changed of an endpoint; null clears a member. */
export interface UpdateEndpointRequest {
  /** Requests at once; 0: as many as it copes with, up to 32. */
  concurrency?: number | null;
  /** What it is for, in your words. */
  description?: string | null;
  /** What it gets from now on: event types, browser_*, step_* or *, each once. */
  events?: string[];
  /** Only events of sessions whose metadata passes. */
  filter?: {
    /** Members of the session's metadata, each with the values of which it must have one. */
    metadata?: Record<string, string[]> | null;
  } | null;
  /** Replaces all of them. */
  headers?: WebhookHeaderInput[] | null;
  /** Replaces all of it. */
  metadata?: Record<string, string> | null;
  /** Deliveries a second; 0: no limit. */
  rateLimit?: number | null;
  /**
   * How long after each failed try the next one comes, each 1s to 168h; an empty list: there is one
   * try. null: the default, 5s, 30s, 2m, 10m, 1h, 3h, 8h, 24h, 39h.
   */
  retrySchedule?: string[] | null;
  /** Don't send browser_ready any more once its session has ended. */
  skipStale?: boolean | null;
  /** Where its deliveries go from now on. */
  url?: string;
}

/** What is to be changed of a project. */
export interface UpdateProjectRequest {
  /** Further ones wait; those that have one keep it. 0, or null, is any number. */
  sessions?: number | null;
}

/** A file to be given to a page: one of this session's artifacts, or its content. */
export interface UploadFile {
  /** Instead: an artifact of this session, such as a download. */
  artifactId?: string | null;
  /** Its bytes, as base64, within a request's 1 MiB. */
  content?: string | null;
  /** What the page is told it is called. Needed with content. */
  name?: string | null;
  /** Its media type; by the name if it is left out. */
  type?: string | null;
  /**
   * Instead: an http or https address, fetched as the session's browser may reach it, without its
   * cookies and headers.
   */
  url?: string | null;
}

/** What a page was given. */
export interface UploadResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** That the page was given. */
  files: UploadedFile[];
}

/**
 * Gives files to a field for files, to the field of a label, or to the page that asks for them when
 * the target is clicked. An empty list takes them out. The result: the name and the size of each
 * file.
 */
export interface UploadStep {
  /** What the step does. */
  action: "upload";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /** The files. */
  files: UploadFile[];
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target: string;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
}

/** A step of the action upload. */
export interface UploadStepRun extends StepState {
  /** What the step does. */
  action: "upload";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: UploadResult | DryRunResult;
  step?: UploadStep;
}

/** A file that a page was given. */
export interface UploadedFile {
  /** What the page sees it called. */
  name: string;
  /** Bytes. */
  size: number;
}

/** What a browser has had of the network. */
export interface Usage {
  /** From servers, with what TLS and HTTP add. */
  receivedBytes: number;
  /** Connections to where the browser may not go. */
  refused: number;
  /** To servers, with what TLS and HTTP add. */
  sentBytes: number;
}

/** Somebody who looks at a session, or has. */
export interface Viewer {
  /** The IP address that it came from. */
  address: string;
  /** When it came. */
  joinedAt: string;
  /** Missing while it is there. */
  leftAt?: string;
  /** Whether it may use mouse and keyboard. */
  mode: "view" | "control";
  /** The link's. */
  name?: string;
  /** The link that it came by. */
  streamId: string;
  /** The viewer: one connection to the live page. */
  viewerId: string;
}

/** A page of a list. */
export interface ViewerPage {
  /** What is on this page. */
  data: Viewer[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** The size of a page, in CSS pixels. */
export interface Viewport {
  /** CSS pixels. */
  height: number;
  /** CSS pixels. */
  width: number;
}

/**
 * Waits for the page's address, how far it has loaded, an element's state, a request or its answer,
 * or JavaScript to come true. Of several it waits for one after the other. A request counts that
 * was made since the step before began: what a click sent is not missed. The result: the
 * expression's value, or the request. At least one of target, url, waitUntil, request, response,
 * expression is needed.
 */
export interface WaitForStep {
  /** What the step does. */
  action: "waitFor";
  /**
   * Nothing is done but scrolling to the target: the step ends when that is as the action needs it.
   * Waiting, asserting and extracting are done.
   */
  dryRun?: boolean | null;
  /**
   * JavaScript, as for evaluate: looked at until its value is true, or anything that counts as
   * true.
   */
  expression?: string | null;
  /** If the step fails, those after it run all the same. It is FAILED. */
  optional?: boolean | null;
  /** The address of a request that the page makes; * stands for anything. */
  request?: string | null;
  /** The address of a request that is answered, be it by an error; * stands for anything. */
  response?: string | null;
  /**
   * How often a step that fails is tried again; tries says why each try failed. What it did until
   * then it does again.
   */
  retries?: number | null;
  /** What the target must be. It is focused when the page is, too. */
  state?: "visible" | "hidden" | "attached" | "detached" | "enabled" | "disabled" | "checked" | "unchecked" | "focused" | "editable" | null;
  /**
   * CSS selector, or text=, role=button[name="Buy"], label=, placeholder=, alt=, title=, testid=,
   * xpath=; chained with >>, chosen among with nth=, visible=, has=; frame=pay >> #card in one
   * frame. As Playwright spells them.
   */
  target?: string | null;
  /**
   * How long the step may take, each try of it if there are several; 10ms to 10m, 30s is the
   * default.
   */
  timeout?: string | null;
  /** What the page's address must be; * stands for anything. */
  url?: string | null;
  /**
   * How far the page must have loaded; load is the default of a navigation. networkidle is when
   * half a second has passed without a request.
   */
  waitUntil?: "commit" | "domcontentloaded" | "load" | "networkidle" | null;
}

/** A step of the action waitFor. */
export interface WaitForStepRun extends StepState {
  /** What the step does. */
  action: "waitFor";
  /** What it answers, when it has completed; not there if that is nothing. Any JSON value. */
  result?: unknown;
  step?: WaitForStep;
}

/** A header of what is sent to an endpoint. */
export interface WebhookHeader {
  /** The header's name. */
  name: string;
  /** Encrypted in the database and never shown again. */
  secret?: boolean;
  /** Not shown of a secret header; in a change, a secret header without a value keeps its own. */
  value?: string;
}

/** A header of what is to be sent to an endpoint. */
export interface WebhookHeaderInput {
  /** The header's name. */
  name: string;
  /** Encrypted in the database and never shown again. */
  secret?: boolean | null;
  /** Not shown of a secret header; in a change, a secret header without a value keeps its own. */
  value?: string | null;
}

/** The data of webhook_test. */
export interface WebhookTestData {
  /** The delivery that was given up. */
  deliveryId?: string;
  /** The endpoint that it is about. */
  endpointId: string;
  /** The event that it was of. */
  eventId?: string;
  /** What happened. */
  eventType: "webhook_test";
  /** Why. */
  reason?: string;
  /** The status of the endpoint, or of the delivery, after it. */
  status: string;
}

/** A test that was asked for. */
export interface WebhookTestEvent {
  data: WebhookTestData;
  /** The event; also the webhook-id header, the same in every try. */
  id: string;
  /** What was given with the session, or the endpoint. */
  metadata: Record<string, string>;
  /** Its place among the events of its session, without gaps. */
  sequence: number;
  /** It is of no session. */
  sessionId: "";
  /** When it happened, to the millisecond. */
  timestamp: string;
  /** What it is about. */
  type: "webhook";
}
