// Code generated from api/openapi.yaml by make generate; DO NOT EDIT.

export interface AddStepsRequest {
  /** As if each step had it: targets are looked for, and nothing is done. */
  dryRun?: boolean | null;
  /** What a failed step does to those after it; stop is the default. */
  onError?: "stop" | "continue" | null;
  steps: Step[];
}

export interface Artifact {
  artifactId: string;
  contentType: string;
  createdAt: string;
  kind: "screenshot" | "pdf" | "failure" | "download" | "storage";
  /** Of a download: what the page calls the file, made harmless. */
  name?: string;
  /** Of a download, in hex. */
  sha256?: string;
  /** Bytes. */
  size: number;
  /** Of the step that made it or, of a download, that ran when it began; empty if none did. */
  stepId: string;
}

export interface ArtifactPage {
  data: Artifact[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

export interface ArtifactResult {
  artifactId: string;
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
  action: "assert";
  result?: DialogsResult;
  step?: AssertStep;
}

export interface Attempt {
  attemptId: string;
  durationMs: number;
  error?: string;
  errorClass?: "timeout" | "dns" | "connect" | "tls" | "blocked" | "redirect" | "status" | "protocol" | "proxy" | "internal";
  number: number;
  remoteAddress?: string;
  /** The first 16 KiB of the answer's body. */
  response?: string;
  startedAt: string;
  /** Of the answer; not there without one. */
  statusCode?: number;
}

export interface AttemptPage {
  data: Attempt[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/**
 * Goes back in the page's history. The result: the page's address and title, and the status of the
 * HTTP answer.
 */
export interface BackStep {
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
  action: "back";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PageResult | DryRunResult;
  step?: BackStep;
}

/** The data of browser_closed. */
export interface BrowserClosedData {
  error?: Failure;
  eventType: "browser_closed";
  /** Why the session ended. */
  reason: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The step that ran when a download began. */
  stepId?: string;
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
  type: "browser";
}

/** The data of browser_crashed. */
export interface BrowserCrashedData {
  error: Failure;
  eventType: "browser_crashed";
  /** Why the session ended. */
  reason: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The step that ran when a download began. */
  stepId?: string;
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
  type: "browser";
}

/** The data of browser_failed. */
export interface BrowserFailedData {
  error: Failure;
  eventType: "browser_failed";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The step that ran when a download began. */
  stepId?: string;
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
  type: "browser";
}

/** The data of browser_ready. */
export interface BrowserReadyData {
  error?: Failure;
  eventType: "browser_ready";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The step that ran when a download began. */
  stepId?: string;
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
  type: "browser";
}

/** The data of browser_recovered. */
export interface BrowserRecoveredData {
  error?: Failure;
  eventType: "browser_recovered";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The step that ran when a download began. */
  stepId?: string;
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
  type: "browser";
}

/** The data of browser_takeover_ended. */
export interface BrowserTakeoverEndedData {
  /** The link's name. */
  controller?: string;
  /** For how long. */
  durationMs: number;
  error?: Failure;
  eventType: "browser_takeover_ended";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The step that ran when a download began. */
  stepId?: string;
  /** The link by which somebody drives the session, or did. */
  streamId: string;
  /** The live page. */
  streamingUrl: string;
}

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
  type: "browser";
}

/** The data of browser_takeover_started. */
export interface BrowserTakeoverStartedData {
  /** The link's name. */
  controller?: string;
  /** For how long. */
  durationMs?: number;
  error?: Failure;
  eventType: "browser_takeover_started";
  /** Why the session ended. */
  reason?: string;
  /** The session's status after it. */
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /** The step that ran when a download began. */
  stepId?: string;
  /** The link by which somebody drives the session, or did. */
  streamId: string;
  /** The live page. */
  streamingUrl: string;
}

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
  type: "browser";
}

export interface CancelDeliveriesRequest {
  endpointId?: string;
  eventId?: string;
  eventType?: string;
  /** Created at or after. */
  from?: string;
  sessionId?: string;
  status?: "PENDING" | "DELIVERED" | "FAILED" | "CANCELED";
  /** Created before. */
  to?: string;
}

/**
 * Checks a checkbox or chooses a radio button, by a click, through its label too. One that is
 * checked stays so.
 */
export interface CheckStep {
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
    x: number;
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
  action: "check";
  result?: DialogsResult;
  step?: CheckStep;
}

/**
 * Clicks an element, when it is visible, enabled, at rest, in view and not covered. The result:
 * with popup the new tab, with download the file.
 */
export interface ClickStep {
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
    x: number;
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
  action: "click";
  result?: StartResult;
  step?: ClickStep;
}

export interface Cookie {
  domain?: string | null;
  /** Seconds since 1970; none is a session cookie. */
  expires?: number | null;
  httpOnly?: boolean | null;
  name: string;
  path?: string | null;
  sameSite?: "Strict" | "Lax" | "None" | null;
  /**
   * The value is a secret: kept encrypted, shown to nobody, taken out of what steps answer and why
   * they fail.
   */
  secret?: boolean | null;
  secure?: boolean | null;
  url?: string | null;
  value: string;
}

export interface CreateEndpointRequest {
  /** Requests at once; 0: as many as it copes with, up to 32. */
  concurrency?: number | null;
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
  url: string;
}

export interface CreateKeyRequest {
  name?: string | null;
  /** The caller's own by default. */
  projectId?: string | null;
  /**
   * viewer reads; project, the default, also changes what is in its project; operator also manages
   * keys and projects.
   */
  role?: "viewer" | "project" | "operator" | null;
}

export interface CreateProjectRequest {
  /** No other project may have it. */
  name: string;
  /**
   * How many of its sessions may have a browser at once; further ones wait. 0, the default, is any
   * number.
   */
  sessions?: number | null;
}

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
    latitude: number;
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
    password: string;
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
  /** Run as soon as the session is READY. */
  steps?: Step[] | null;
  /** The attribute that testid= looks at; data-testid by default. */
  testIdAttribute?: string | null;
  /** Longest life from READY on, 1s to 24h; 30m by default. */
  timeout?: string | null;
  timezone?: string | null;
  /** Opened first, as a goto step: if it fails, onError says what becomes of the steps. */
  url?: string | null;
  /** The client hints follow from it. The default is that of the same Chromium with a window. */
  userAgent?: string | null;
  /** 1280 × 720 by default. The screen is as large. */
  viewport?: {
    height: number;
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

export interface CreateStreamRequest {
  /** 1s to 24h; with the session by default. */
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
}

export interface Delivery {
  attempts: number;
  createdAt: string;
  deliveryId: string;
  endedAt?: string;
  endpointId: string;
  /** Also the webhook-id header. */
  eventId: string;
  eventType: string;
  nextAttemptAt?: string;
  /** Why it is FAILED or CANCELED. */
  reason?: "exhausted" | "gone" | "expired" | "requested" | "endpoint_deleted";
  sessionId?: string;
  status: "PENDING" | "SENDING" | "DELIVERED" | "FAILED" | "CANCELED";
}

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
  type: "webhook";
}

export interface DeliveryPage {
  data: Delivery[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

export interface DialogResult {
  accepted: boolean;
  message: string;
  type: "alert" | "confirm" | "prompt" | "beforeunload";
}

/**
 * Says how the dialogs are answered that pages show from now on. Without a rule alerts, questions
 * and prompts are dismissed, and leaving a page is agreed to. Dialogs are answered at once, and
 * what shows one never waits for a step. The result: list: the last dialogs, with type, message and
 * whether they were accepted.
 */
export interface DialogStep {
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
  action: "dialog";
  result?: DialogsResult;
  step?: DialogStep;
}

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
    x: number;
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
    x: number;
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
    x: number;
    y: number;
  } | null;
  /** Instead of to: CSS pixels to the right. */
  x?: number | null;
  /** Instead of to: CSS pixels down. */
  y?: number | null;
}

/** A step of the action drag. */
export interface DragStepRun extends StepState {
  action: "drag";
  result?: DialogsResult;
  step?: DragStep;
}

export interface DryRunResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  dryRun: boolean;
  /** The target, as it was found. */
  found?: string;
}

export interface Endpoint {
  concurrency?: number;
  createdAt: string;
  description?: string;
  disabledReason?: "gone" | "failing" | "requested";
  endpointId: string;
  events: string[];
  /** No delivery has succeeded since. */
  failingSince?: string;
  filter?: EndpointFilter;
  headers?: WebhookHeader[];
  metadata: Record<string, string>;
  ordered: boolean;
  /** Verifies its v1a signatures: whpk_ and base64. Also in /.well-known/jwks.json. */
  publicKey?: string;
  /** The kid of the public key there. */
  publicKeyId?: string;
  rateLimit?: number;
  /** Its own; not there: the default. */
  retrySchedule?: string[];
  /** Signs its deliveries. Only in the answer to the call that made it. */
  secret?: string;
  /** Of an inline webhook: the one session whose events it gets. */
  sessionId?: string;
  skipStale: boolean;
  status: "ENABLED" | "PAUSED" | "DISABLED";
  updatedAt: string;
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
  type: "webhook";
}

export interface EndpointFilter {
  /** Members of the session's metadata, each with the values of which it must have one. */
  metadata?: Record<string, string[]>;
}

export interface EndpointPage {
  data: Endpoint[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
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
  type: "browser" | "step" | "webhook";
}

/** What happened, told apart by eventType. */
export type EventData = BrowserReadyData | BrowserFailedData | BrowserClosedData | BrowserCrashedData | BrowserRecoveredData | BrowserDownloadCompletedData | BrowserTakeoverStartedData | BrowserTakeoverEndedData | StepStartedData | StepCompletedData | StepFailedData | StepCanceledData | EndpointFailingData | EndpointDisabledData | DeliveryFailedData | WebhookTestData;

export interface EventPage {
  /** Each as its webhook's body. */
  data: Event[];
  /**
   * Pass it as cursor, now or later: it goes on behind all that was looked at, an empty page too.
   */
  nextCursor: string;
}

export interface EventTypeDescription {
  /** A body. */
  example: unknown;
  /** The type of its body. */
  kind: "browser" | "step" | "webhook";
  /** JSON Schema of the body. */
  schema: Record<string, unknown>;
  type: string;
}

export interface EventTypeDescriptionPage {
  data: EventTypeDescription[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

export interface Explanation {
  /** Stable. */
  code: string;
  /** Not there when the endpoint was not to get it. */
  delivery?: Delivery;
  endpointId: string;
  /** A sentence or two. */
  explanation: string;
  nextAttemptAt?: string;
  /**
   * Of an ordered endpoint: the id of the earliest delivery that has to be delivered or given up
   * before this one is sent.
   */
  waitsFor?: string;
}

export interface ExplanationPage {
  data: Explanation[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/**
 * Reads the page, in one look, once all that is asked for is there. A field is a target, of which
 * the text is taken, or an object; inside each match of a list, targets are looked for in that
 * match, one without a match is null, and a field without a target is about the match itself. A
 * list may be empty: where it fills late, a waitFor comes first. The result: what was read. At
 * least one of target, each, fields is needed.
 */
export interface ExtractStep {
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
  action: "extract";
  /** What it answers, when it has completed; not there if that is nothing. Any JSON value. */
  result?: unknown;
  step?: ExtractStep;
}

/** Why something failed. */
export interface Failure {
  artifactId?: string;
  code: string;
  limit?: number;
  lines?: string[];
  message: string;
  seen?: string;
  stepId?: string;
  used?: number;
  waitedFor?: string;
}

export interface FieldError {
  field: string;
  message: string;
}

export interface FileResult {
  artifactId: string;
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
   * and why they fail, and fields that hold it are covered in pictures.
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
  action: "fill";
  result?: DialogsResult;
  step?: FillStep;
}

/**
 * Goes forward in the page's history. The result: the page's address and title, and the status of
 * the HTTP answer.
 */
export interface ForwardStep {
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
  action: "forward";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PageResult | DryRunResult;
  step?: ForwardStep;
}

export interface Geolocation {
  /** Metres; 0 is the default. */
  accuracy?: number;
  latitude: number;
  longitude: number;
}

/**
 * Opens an address. The result: the page's address and title, and the status of the HTTP answer.
 */
export interface GotoStep {
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
  action: "goto";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PageResult | DryRunResult;
  step?: GotoStep;
}

/** Brings the mouse over an element, when it is visible, at rest, in view and not covered. */
export interface HoverStep {
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
    x: number;
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
  action: "hover";
  result?: DialogsResult;
  step?: HoverStep;
}

export interface HttpCredentials {
  /** Only servers of this origin get them; by default every one that asks. */
  origin?: string;
  password: string;
  username: string;
}

export interface Key {
  createdAt: string;
  /**
   * The key itself. Only in the answer to the call that made it, and not when that is repeated: it
   * isn't stored.
   */
  key?: string;
  keyId: string;
  name: string;
  /** How the key begins. */
  prefix: string;
  projectId: string;
  revokedAt?: string;
  role: "viewer" | "project" | "operator";
}

export interface KeyPage {
  data: Key[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

export interface LogEntry {
  at: string;
  /** Of the answer's body, decoded. */
  bodyBytes?: number;
  /** What answered in the server's place. */
  cache?: "memory" | "disk" | "prefetch" | "serviceWorker";
  column?: number;
  /** Not there: the request is under way. */
  durationMs?: number;
  failure?: string;
  host?: string;
  /**
   * error is an exception that a page didn't catch; refused is a connection that the session may
   * not make.
   */
  kind: "console" | "error" | "request" | "refused";
  line?: number;
  method?: string;
  mimeType?: string;
  /** In the order in which they began, from 1. It can be passed as cursor. */
  number: number;
  port?: number;
  protocol?: string;
  reason?: string;
  /** Where the answer sent the browser: that is the next request. */
  redirectUrl?: string;
  resourceType?: string;
  /** Not there: no answer came. */
  status?: number;
  /** Of the step that ran then, if any did. */
  stepId?: string;
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

export interface LogPage {
  data: LogEntry[];
  /** How many of the oldest entries were dropped, since the log had grown too long. */
  dropped: number;
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

export interface Network {
  /**
   * The only hosts that may be reached; left out: all. Each is a name, an address, or all names
   * below one as *.example.com.
   */
  allow?: string[];
  /** Hosts that may not be reached, whatever is allowed. */
  deny?: string[];
}

export interface Node {
  /**
   * That it can start, its default first; left out by one that has none, or is of a release that
   * didn't say.
   */
  browsers?: ("shell" | "chromium")[];
  /** When it last showed that it lives, which it does every two seconds. */
  lastSeen: string;
  nodeId: string;
  /** How many more can be started there now. */
  room: number;
  /** That have a browser there, or get one. */
  sessions: number;
  startedAt: string;
  /** One that is DRAINING starts no more sessions, and ends with its last. */
  state: "READY" | "DRAINING";
  /** Where the other nodes reach it: node-url. */
  url?: string;
  version?: string;
}

export interface NodePage {
  data: Node[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

export interface OutlineResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** How many lines the whole outline has. */
  lines: number;
  /** The first line that is left, for from; not there when none is. */
  next?: number;
  /** A line for each thing on the page. */
  outline: string;
  title: string;
  /** The page's address. */
  url: string;
}

export interface PageResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** Of the HTTP answer; not there without one. */
  status?: number;
  title: string;
  /** The page's address. */
  url: string;
}

/**
 * Prints the page, as its style for print has it, and keeps the PDF as an artifact. The result: the
 * artifact.
 */
export interface PdfStep {
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
  action: "pdf";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: ArtifactResult | DryRunResult;
  step?: PdfStep;
}

export interface PictureResult {
  artifactId: string;
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
  action: "press";
  result?: StartResult;
  step?: PressStep;
}

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
  status: number;
  title: string;
  /** Opens what the code means. */
  type: string;
}

export interface Project {
  createdAt: string;
  name: string;
  projectId: string;
  /** How many of its sessions may have a browser at once; not there: any number. */
  sessions?: number;
}

export interface ProjectPage {
  data: Project[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

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
  action: "reload";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PageResult | DryRunResult;
  step?: ReloadStep;
}

export interface RetryDeliveriesRequest {
  endpointId?: string;
  eventId?: string;
  eventType?: string;
  /** Created at or after. */
  from?: string;
  sessionId?: string;
  status?: "PENDING" | "DELIVERED" | "FAILED" | "CANCELED";
  /** Created before. */
  to?: string;
}

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
  action: "screenshot";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: PictureResult | DryRunResult;
  step?: ScreenshotStep;
}

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
  action: "scroll";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: ScrollResult | DryRunResult;
  step?: ScrollStep;
}

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
  action: "select";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: SelectResult | DryRunResult;
  step?: SelectStep;
}

export interface Session {
  /**
   * shell is the headless shell, Chromium's engine alone, which starts in half the time; chromium
   * is the whole browser. The default is shell where it is installed: of a session that asked for
   * none it is here from READY on.
   */
  browser?: "shell" | "chromium";
  closeReason?: "requested" | "timeout" | "idle" | "crashed" | "node_lost" | "shutdown";
  /** What pages are told that the user prefers; light is the default. */
  colorScheme?: "light" | "dark";
  /**
   * Where Playwright, Puppeteer and other programs use the browser by the DevTools protocol, until
   * the session ends. Whoever has it can do all that the session can; keys that may only read don't
   * see it.
   */
  connectUrl?: string;
  createdAt: string;
  /** Pixels of the screen, and of screenshots, for one of CSS, each way; 1 is the default. */
  deviceScaleFactor?: number;
  endedAt?: string;
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
  idleTimeout: string;
  /** Open pages whose certificate is not trusted. */
  ignoreCertificateErrors?: boolean;
  /** Language, numbers and dates, and Accept-Language. */
  locale?: string;
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
  readyAt?: string;
  sessionId: string;
  status: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
  /**
   * Only in the answer to the call that made them; when that is repeated and they are long by then,
   * the later ones without their results.
   */
  steps?: StepRun[];
  /** The live page; whoever has the link can look. */
  streamingUrl: string;
  testIdAttribute?: string;
  timeout: string;
  timezone?: string;
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

export interface SessionHeader {
  name: string;
  /** The value is kept encrypted, and never shown again. */
  secret?: boolean | null;
  value: string;
}

export interface SessionPage {
  data: Session[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

/** Sets cookies of the session's browser. */
export interface SetCookiesStep {
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
  action: "snapshot";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: OutlineResult | DryRunResult;
  step?: SnapshotStep;
}

export interface StartResult {
  /** With download: the file, and so are the other members. */
  artifactId?: string;
  contentType?: string;
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  /** It was a dry run. */
  dryRun?: boolean;
  /** Of a dry run: the target, as it was found. */
  found?: string;
  name?: string;
  /** In hex. */
  sha256?: string;
  /** Bytes. */
  size?: number;
  /** With popup: the new tab. */
  tab?: TabResult;
  url?: string;
}

export interface StateCookie {
  _crHasCrossSiteAncestor?: boolean | null;
  domain: string;
  /** Seconds since 1970; -1 or none is a session cookie. */
  expires?: number | null;
  httpOnly?: boolean | null;
  name: string;
  /** The top-level site that a partitioned cookie belongs to. */
  partitionKey?: string | null;
  path: string;
  sameSite?: "Strict" | "Lax" | "None" | null;
  secure?: boolean | null;
  value: string;
}

export interface StateItem {
  name: string;
  value: string;
}

export interface StateOrigin {
  /** Databases, as Playwright writes them. */
  indexedDB?: unknown[] | null;
  localStorage: StateItem[];
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
  type: "step";
}

/** The data of step_completed. */
export interface StepCompletedData {
  /** What it does. */
  action: string;
  /** How long it took. */
  durationMs: number;
  error?: Failure;
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
  type: "step";
}

/** The data of step_failed. */
export interface StepFailedData {
  /** What it does. */
  action: string;
  /** How long it took. */
  durationMs: number;
  error: Failure;
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
  type: "step";
}

/**
 * A step of a session: what it was given, how far it is, and what it answers; told apart by its
 * action. step: As it was given, but for what is marked as secret, which is an ellipsis. To a key
 * of the role viewer, value, values and the value of cookies are an ellipsis, and addresses have no
 * user and password. Not there when it can't be read at the moment.
 */
export type StepRun = AssertStepRun | BackStepRun | CheckStepRun | ClickStepRun | DialogStepRun | DoubleClickStepRun | DownloadStepRun | DragStepRun | EvaluateStepRun | ExtractStepRun | FillStepRun | ForwardStepRun | GotoStepRun | HoverStepRun | PdfStepRun | PressStepRun | ReloadStepRun | ScreenshotStepRun | ScrollStepRun | SelectStepRun | SetCookiesStepRun | SnapshotStepRun | StorageStepRun | TabStepRun | TapStepRun | TypeStepRun | UncheckStepRun | UploadStepRun | WaitForStepRun;

export interface StepRunPage {
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
  type: "step";
}

/** What is known of a step of any action. */
export interface StepState {
  createdAt: string;
  durationMs?: number;
  error?: Failure;
  finishedAt?: string;
  index: number;
  startedAt?: string;
  status: "PENDING" | "RUNNING" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELED" | "INTERRUPTED";
  stepId: string;
  /** Why the earlier tries of a step with retries failed. */
  tries?: Failure[];
}

export interface StorageResult {
  /** get: what was found, as Playwright's storageState. */
  artifactId?: string;
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
  action: "storage";
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
  /** set: what get has kept, or Playwright's context.storageState(). */
  storageState?: {
    cookies: StateCookie[];
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
  action: "storage";
  result?: StorageResult;
  step?: StorageStep;
}

export interface Stream {
  createdAt: string;
  expiresAt?: string;
  mode: "view" | "control";
  name?: string;
  once?: boolean;
  streamId: string;
  streamingUrl: string;
}

export interface TabResult {
  /** Steps run in it. */
  current: boolean;
  /** Its place; the first is 0. */
  index: number;
  title: string;
  url: string;
}

/**
 * Lists the session's tabs, opens one, goes to one or closes one. Steps run in the current tab;
 * when that closes, its opener is the current one, or else the one before. The result: the tabs,
 * each with its index, address and title, and whether it is current; or the tab that is the current
 * one now.
 */
export interface TabStep {
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
  action: "tab";
  result?: TabsResult;
  step?: TabStep;
}

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
    x: number;
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
  action: "tap";
  result?: StartResult;
  step?: TapStep;
}

export interface Timings {
  blocked: number;
  /** With ssl. */
  connect: number;
  dns: number;
  receive: number;
  send: number;
  ssl: number;
  wait: number;
}

/** Types a text key by key, into the target or into what has the focus. */
export interface TypeStep {
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
   * and why they fail, and fields that hold it are covered in pictures.
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
  action: "type";
  result?: DialogsResult;
  step?: TypeStep;
}

/** Unchecks a checkbox, by a click. One that is unchecked stays so. */
export interface UncheckStep {
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
    x: number;
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
  action: "uncheck";
  result?: DialogsResult;
  step?: UncheckStep;
}

export interface UpdateEndpointRequest {
  concurrency?: number | null;
  description?: string | null;
  events?: string[];
  filter?: {
    /** Members of the session's metadata, each with the values of which it must have one. */
    metadata?: Record<string, string[]> | null;
  } | null;
  /** Replaces all of them. */
  headers?: WebhookHeaderInput[] | null;
  metadata?: Record<string, string> | null;
  rateLimit?: number | null;
  /**
   * How long after each failed try the next one comes, each 1s to 168h; an empty list: there is one
   * try. null: the default, 5s, 30s, 2m, 10m, 1h, 3h, 8h, 24h, 39h.
   */
  retrySchedule?: string[] | null;
  skipStale?: boolean | null;
  url?: string;
}

export interface UpdateProjectRequest {
  /** Further ones wait; those that have one keep it. 0, or null, is any number. */
  sessions?: number | null;
}

export interface UploadFile {
  /** Instead: an artifact of this session, such as a download. */
  artifactId?: string | null;
  /** Its bytes, as base64. */
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

export interface UploadResult {
  /** The dialogs that pages showed meanwhile, the last 10 of them. */
  dialogs?: DialogResult[];
  files: UploadedFile[];
}

/**
 * Gives files to a field for files, to the field of a label, or to the page that asks for them when
 * the target is clicked. An empty list takes them out. The result: the name and the size of each
 * file.
 */
export interface UploadStep {
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
  action: "upload";
  /** What it answers, when it has completed; not there if that is nothing. */
  result?: UploadResult | DryRunResult;
  step?: UploadStep;
}

export interface UploadedFile {
  name: string;
  /** Bytes. */
  size: number;
}

export interface Usage {
  receivedBytes: number;
  /** Connections to where the browser may not go. */
  refused: number;
  /** To servers, with what TLS and HTTP add. */
  sentBytes: number;
}

export interface Viewer {
  /** The IP address that it came from. */
  address: string;
  joinedAt: string;
  /** Missing while it is there. */
  leftAt?: string;
  mode: "view" | "control";
  /** The link's. */
  name?: string;
  /** The link that it came by. */
  streamId: string;
  viewerId: string;
}

export interface ViewerPage {
  data: Viewer[];
  /** Pass it as cursor to get the next page; not there on the last. */
  nextCursor?: string;
}

export interface Viewport {
  height: number;
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
  action: "waitFor";
  /** What it answers, when it has completed; not there if that is nothing. Any JSON value. */
  result?: unknown;
  step?: WaitForStep;
}

export interface WebhookHeader {
  name: string;
  /** Encrypted in the database and never shown again. */
  secret?: boolean;
  /** Not shown of a secret header; in a change, a secret header without a value keeps its own. */
  value?: string;
}

export interface WebhookHeaderInput {
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
  type: "webhook";
}
