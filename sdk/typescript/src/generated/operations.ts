// Code generated from api/openapi.yaml by make generate; DO NOT EDIT.
import type {
  AddStepsRequest,
  ArtifactPage,
  AttemptPage,
  CancelDeliveriesRequest,
  CreateEndpointRequest,
  CreateKeyRequest,
  CreateProjectRequest,
  CreateSessionRequest,
  CreateStreamRequest,
  Delivery,
  DeliveryCount,
  DeliveryPage,
  Endpoint,
  EndpointPage,
  EndpointStats,
  Event,
  EventPage,
  EventTypeDescriptionPage,
  ExampleAnswer,
  Explanation,
  ExplanationPage,
  Key,
  KeyPage,
  LogPage,
  Node,
  NodePage,
  Project,
  ProjectPage,
  Recording,
  RecoverEndpointRequest,
  RetryDeliveriesRequest,
  RotateSecretRequest,
  SendExampleRequest,
  Session,
  SessionPage,
  StepRun,
  StepRunPage,
  Stream,
  UpdateEndpointRequest,
  UpdateProjectRequest,
  ViewerPage,
} from "./schemas.js";

/** What each operation takes and answers, by its operationId. */
export interface Operations {
  /**
   * Add steps to a session's queue.
   *
   * Puts steps at the end of the session's queue. They run in order, one at a time, when the
   * session is READY. The answer comes at once; with Prefer: wait=N it comes when they have ended,
   * with 200, or after N seconds, with 202.
   *
   * Role: project.
   */
  "add-steps": {
    path: {
      /** The session. */
      sessionId: string;
    };
    body: AddStepsRequest;
    answer: StepRunPage;
  };
  /**
   * Give up many deliveries that have not ended.
   *
   * Does to all deliveries that the filter picks what cancel does to one.
   *
   * Role: project.
   */
  "cancel-deliveries": {
    body: CancelDeliveriesRequest;
    answer: DeliveryCount;
  };
  /**
   * Give up a delivery that has not ended.
   *
   * Gives the delivery up: it is not tried again. One that has ended is a conflict.
   *
   * Role: project.
   */
  "cancel-delivery": {
    path: {
      /** The delivery. */
      deliveryId: string;
    };
    answer: Delivery;
  };
  /**
   * Cancel a step that waits or runs.
   *
   * Cancels a step that waits, or stops the one that runs within a second; the session stays
   * usable. One that has ended is a conflict.
   *
   * Role: project.
   */
  "cancel-step": {
    path: {
      /** The session. */
      sessionId: string;
      /** The step. */
      stepId: string;
    };
    answer: StepRun;
  };
  /**
   * Close a session.
   *
   * Ends the session: the running step is canceled, the browser ended, and the event browser_closed
   * says so. A session that has ended stays as it is.
   *
   * Role: project.
   */
  "close-session": {
    path: {
      /** The session. */
      sessionId: string;
    };
    answer: Session;
  };
  /**
   * Make a webhook endpoint.
   *
   * Makes an endpoint that gets every event of the project that it asks for, from now on. The
   * secret in the answer verifies what it gets, and is not shown again.
   *
   * Role: project.
   */
  "create-endpoint": {
    body: CreateEndpointRequest;
    answer: Endpoint;
  };
  /**
   * Make an API key.
   *
   * Makes a key. It is in the answer and nowhere else: the server keeps its hash.
   *
   * Role: operator.
   */
  "create-key": {
    body: CreateKeyRequest;
    answer: Key;
  };
  /**
   * Make a project.
   *
   * Makes a project. What is in one is seen by its own keys alone.
   *
   * Role: operator.
   */
  "create-project": {
    body: CreateProjectRequest;
    answer: Project;
  };
  /**
   * Create a session.
   *
   * Makes a session and starts its browser; the answer comes at once, and the event browser_ready
   * when it is READY. When as many sessions have a browser as may have one, it is QUEUED. Steps
   * given with it run as soon as it is READY, and a webhook given with it gets the events of this
   * session alone.
   *
   * Role: project.
   */
  "create-session": {
    body: CreateSessionRequest;
    answer: Session;
  };
  /**
   * Make a link to the live page.
   *
   * Makes a link that opens the session's live page without any other login, to look at it or to
   * control it. It ends with the session (with replay: with the session's data), when it expires,
   * when it is revoked, and when the key is that made it.
   *
   * Role: project.
   */
  "create-stream": {
    path: {
      /** The session. */
      sessionId: string;
    };
    body: CreateStreamRequest;
    answer: Stream;
  };
  /**
   * Delete a webhook endpoint.
   *
   * Deletes the endpoint. What waits for it is canceled.
   *
   * Role: project.
   */
  "delete-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    answer: void;
  };
  /**
   * Have an endpoint receive nothing.
   *
   * Events pass the endpoint by until it is enabled.
   *
   * Role: project.
   */
  "disable-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    answer: Endpoint;
  };
  /**
   * Have a server start no more sessions.
   *
   * Has a server take no more sessions, so that it can be stopped when its last has ended.
   *
   * Role: operator.
   */
  "drain-node": {
    path: {
      /** The server. */
      nodeId: string;
    };
    answer: Node;
  };
  /**
   * Let a disabled endpoint receive again.
   *
   * Ends what disable did, or the server after days of failures. What happened meanwhile is not
   * sent; recover sends it.
   *
   * Role: project.
   */
  "enable-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    answer: Endpoint;
  };
  /**
   * Explain where a delivery is.
   *
   * Says in a sentence or two where the delivery is, what it waits for, and when it is tried next.
   *
   * Role: viewer.
   */
  "explain-delivery": {
    path: {
      /** The delivery. */
      deliveryId: string;
    };
    answer: Explanation;
  };
  /**
   * Explain who gets an event.
   *
   * Says of each webhook endpoint whether it gets the event, why or why not, and what happens next.
   *
   * Role: viewer.
   */
  "explain-event": {
    path: {
      /** The event. */
      eventId: string;
    };
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: ExplanationPage;
  };
  /**
   * Export a session's recording as a video.
   *
   * Answers with the recording as a video, which ffmpeg makes where the server has it; that takes a
   * while. What is being recorded still, is in it up to now.
   *
   * Role: viewer.
   */
  "export-recording": {
    path: {
      /** The session. */
      sessionId: string;
    };
    query?: {
      /** mp4 (H.264) or webm (VP9). */
      format?: "mp4" | "webm";
    };
    answer: Response;
  };
  /**
   * Forget an ended session.
   *
   * Deletes the row, steps, events, artifacts, links and the webhook of a session that has ended,
   * with the deliveries of its events. One that is being closed is waited for, for at most 30
   * seconds.
   *
   * Role: project.
   */
  "forget-session": {
    path: {
      /** The session. */
      sessionId: string;
    };
    answer: void;
  };
  /**
   * Fetch a file of a session.
   *
   * Answers with the file, or the parts of it that Range asks for. It never changes.
   *
   * Role: viewer.
   */
  "get-artifact": {
    path: {
      /** The file. */
      artifactId: string;
      /** The session. */
      sessionId: string;
    };
    answer: Response;
  };
  /**
   * Read a delivery.
   *
   * Answers with the delivery as it is now.
   *
   * Role: viewer.
   */
  "get-delivery": {
    path: {
      /** The delivery. */
      deliveryId: string;
    };
    answer: Delivery;
  };
  /**
   * Read a webhook endpoint.
   *
   * Answers with the endpoint, without its secret.
   *
   * Role: viewer.
   */
  "get-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    answer: Endpoint;
  };
  /**
   * Read how an endpoint does.
   *
   * Says how many attempts succeeded and failed, how long they took and how much waited, in parts
   * of the time and in all. It counts as it goes, within seconds, for seven days; of a session's
   * own webhook, which has few, it counts nothing but what waits.
   *
   * Role: viewer.
   */
  "get-endpoint-stats": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    query?: {
      /** The time, up to now: in bars of 5 minutes, 30 minutes or 2 hours. */
      period?: "1h" | "24h" | "7d";
    };
    answer: EndpointStats;
  };
  /**
   * Read an event.
   *
   * Answers with the event: the body that its webhooks have, byte for byte.
   *
   * Role: viewer.
   */
  "get-event": {
    path: {
      /** The event. */
      eventId: string;
    };
    answer: Event;
  };
  /**
   * Read an API key.
   *
   * Reads a key, one that is revoked too. The key itself is not shown.
   *
   * Role: operator.
   */
  "get-key": {
    path: {
      /** The key. */
      keyId: string;
    };
    answer: Key;
  };
  /**
   * Read a project.
   *
   * Reads a project, with its limit.
   *
   * Role: operator.
   */
  "get-project": {
    path: {
      /** The project. */
      projectId: string;
    };
    answer: Project;
  };
  /**
   * Read what there is of a session's recording.
   *
   * Answers with the parts that there are of the recording: artifacts, which are fetched as any
   * other, and of a session that runs what is not one yet. docs/live.md says what is in them.
   *
   * Role: viewer.
   */
  "get-recording": {
    path: {
      /** The session. */
      sessionId: string;
    };
    answer: Recording;
  };
  /**
   * Read a session.
   *
   * Answers with the session as it is now. Whoever waits for it hears of it sooner from its events.
   *
   * Role: viewer.
   */
  "get-session": {
    path: {
      /** The session. */
      sessionId: string;
    };
    answer: Session;
  };
  /**
   * Read a step.
   *
   * Answers with the step as it is now, with its result when it has completed.
   *
   * Role: viewer.
   */
  "get-step": {
    path: {
      /** The session. */
      sessionId: string;
      /** The step. */
      stepId: string;
    };
    answer: StepRun;
  };
  /**
   * Read a link to the live page.
   *
   * Reads the link, one that was revoked or has ended too.
   *
   * Role: project.
   */
  "get-stream": {
    path: {
      /** The session. */
      sessionId: string;
      /** The link. */
      streamId: string;
    };
    answer: Stream;
  };
  /**
   * List the files of a session.
   *
   * Lists the files of a session, oldest first: screenshots, PDFs, downloads, what was stored, and
   * what a page was like when a step failed.
   *
   * Role: viewer.
   */
  "list-artifacts": {
    path: {
      /** The session. */
      sessionId: string;
    };
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: ArtifactPage;
  };
  /**
   * List the attempts of a delivery.
   *
   * Lists the requests that were made for a delivery, oldest first, each with its answer or what
   * went wrong.
   *
   * Role: viewer.
   */
  "list-attempts": {
    path: {
      /** The delivery. */
      deliveryId: string;
    };
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: AttemptPage;
  };
  /**
   * List deliveries, newest first.
   *
   * Lists deliveries: one for each event and each endpoint that gets it. A page looks at 10,000
   * deliveries at most, unless they are all of one session or event, or being sent: one of what is
   * rarer among them is short, or empty, and has a nextCursor, which leads on to older ones.
   *
   * Role: viewer.
   */
  "list-deliveries": {
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** Only those to this endpoint. */
      endpointId?: string;
      /** Only those of this event. */
      eventId?: string;
      /** Only those of events of this type. */
      eventType?: string;
      /** Created at or after. */
      from?: string;
      /** How many there are on a page, at most. */
      limit?: number;
      /** Only those of events of this session. */
      sessionId?: string;
      /** Only those that are so. */
      status?: "PENDING" | "SENDING" | "DELIVERED" | "FAILED" | "CANCELED";
      /** Created before. */
      to?: string;
    };
    answer: DeliveryPage;
  };
  /**
   * List webhook endpoints, newest first.
   *
   * Lists the endpoints of the project, without their secrets, and with how each did if that is
   * asked for.
   *
   * Role: viewer.
   */
  "list-endpoints": {
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
      /** With how each did in this time, up to now. */
      stats?: "1h" | "24h" | "7d";
    };
    answer: EndpointPage;
  };
  /**
   * List the types of events.
   *
   * Answers with every event type that this version sends, the JSON Schema of its body and an
   * example. New types may come: pass over what you don't know.
   *
   * Role: viewer.
   */
  "list-event-types": {
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: EventTypeDescriptionPage;
  };
  /**
   * Read the log, or follow it.
   *
   * Answers with the events after a cursor, oldest first, as webhooks have them: the same bodies,
   * the same ids. With Accept: text/event-stream it answers with those and then with each as it
   * happens, until either side ends it.
   *
   * Role: viewer.
   */
  "list-events": {
    query?: {
      /** The same as cursor, of which it is the older name. */
      after?: string;
      /**
       * A nextCursor, or the id of an event, wherever it came from; beginning, the default, is
       * before the oldest that there is. An event that is still there is always a place to go on
       * from; for anything else the answer is 410 with the code cursor_expired when retention has
       * deleted events after it that it never read.
       */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
      /** Only events of this session. */
      sessionId?: string;
      /** Only these types: separated by commas, or each in a parameter of its own. */
      types?: string[];
    };
    answer: EventPage;
  };
  /**
   * List the API keys of all projects, newest first.
   *
   * Lists the keys of all projects, those that are revoked too. None is shown.
   *
   * Role: operator.
   */
  "list-keys": {
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: KeyPage;
  };
  /**
   * List the servers and their load.
   *
   * Lists the servers that share the database, with how many sessions each has and has room for.
   *
   * Role: operator.
   */
  "list-nodes": {
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: NodePage;
  };
  /**
   * List all projects, newest first.
   *
   * Lists the projects of the server, with their limits.
   *
   * Role: operator.
   */
  "list-projects": {
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: ProjectPage;
  };
  /**
   * List sessions, newest first.
   *
   * Lists the sessions of the key's project, those that have ended too.
   *
   * Role: viewer.
   */
  "list-sessions": {
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** Created at or after. */
      from?: string;
      /** open: only those that have not ended; ended: only those that have. */
      life?: "open" | "ended";
      /** How many there are on a page, at most. */
      limit?: number;
      /** Only those with this in their metadata: name=value. */
      metadata?: string;
      /** Only those that are so. */
      status?: "QUEUED" | "STARTING" | "READY" | "CLOSING" | "CLOSED" | "FAILED";
      /** Created before. */
      to?: string;
    };
    answer: SessionPage;
  };
  /**
   * List a session's steps in order.
   *
   * Lists the steps of a session in the order in which they run, or the newest first.
   *
   * Role: viewer.
   */
  "list-steps": {
    path: {
      /** The session. */
      sessionId: string;
    };
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
      /**
       * The newest first, and without what they answered, which can be long and which each has that
       * is read by itself.
       */
      newest?: boolean;
    };
    answer: StepRunPage;
  };
  /**
   * List who has looked at a session.
   *
   * Lists who looks at the session's live page, or did, oldest first, with the link that each came
   * by and when it came and left.
   *
   * Role: viewer.
   */
  "list-viewers": {
    path: {
      /** The session. */
      sessionId: string;
    };
    query?: {
      /** From nextCursor of the page before. */
      cursor?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: ViewerPage;
  };
  /**
   * Have everything wait that an endpoint is to receive.
   *
   * What is to be sent is kept until the endpoint is resumed.
   *
   * Role: project.
   */
  "pause-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    answer: Endpoint;
  };
  /**
   * Read the log of a session's pages.
   *
   * Answers with what was written to the console, exceptions that no page caught, requests and
   * refused connections, in the order in which they began; or with all requests as an HTTP archive.
   *
   * Role: project.
   */
  "read-logs": {
    path: {
      /** The session. */
      sessionId: string;
    };
    query?: {
      /** From nextCursor of the page before, or the number of an entry: what comes after it. */
      cursor?: string;
      /**
       * har: all requests, as an HTTP archive (HAR 1.2); Accept: application/har+json asks for the
       * same. Cursor, limit and kinds are not for it.
       */
      format?: "json" | "har";
      /** Only these, separated by commas: console, error, request, refused. */
      kinds?: string;
      /** How many there are on a page, at most. */
      limit?: number;
    };
    answer: LogPage;
  };
  /**
   * Read the server's metrics.
   *
   * In Prometheus' text format, of this server alone. docs/operations.md lists them.
   *
   * Role: operator.
   */
  "read-metrics": {
    answer: Response;
  };
  /**
   * Send an endpoint what it has missed.
   *
   * Sends what the endpoint asked for and didn't get in the time: what failed, was canceled, or
   * passed it by.
   *
   * Role: project.
   */
  "recover-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    body: RecoverEndpointRequest;
    answer: DeliveryCount;
  };
  /**
   * Send what has waited for a paused endpoint.
   *
   * Sends what has waited, and goes on.
   *
   * Role: project.
   */
  "resume-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    answer: Endpoint;
  };
  /**
   * Send many deliveries again.
   *
   * Does to all deliveries that the filter picks what retry does to one.
   *
   * Role: project.
   */
  "retry-deliveries": {
    body: RetryDeliveriesRequest;
    answer: DeliveryCount;
  };
  /**
   * Send a delivery again, now.
   *
   * Sends the delivery again, and begins its schedule of retries anew.
   *
   * Role: project.
   */
  "retry-delivery": {
    path: {
      /** The delivery. */
      deliveryId: string;
    };
    answer: Delivery;
  };
  /**
   * Revoke an API key.
   *
   * Ends the key, what is held open with it and the live links that were made with it.
   *
   * Role: operator.
   */
  "revoke-key": {
    path: {
      /** The key. */
      keyId: string;
    };
    answer: void;
  };
  /**
   * Revoke a link to the live page.
   *
   * Ends the link: it opens nothing any more, and who is there by it is sent away.
   *
   * Role: project.
   */
  "revoke-stream": {
    path: {
      /** The session. */
      sessionId: string;
      /** The link. */
      streamId: string;
    };
    answer: void;
  };
  /**
   * Give a session another connectUrl.
   *
   * Makes a new connectUrl, and ends the connections of programs that came by the one before.
   *
   * Role: project.
   */
  "rotate-connect-url": {
    path: {
      /** The session. */
      sessionId: string;
    };
    answer: Session;
  };
  /**
   * Give an endpoint a new secret.
   *
   * Makes a new secret, which the answer holds. For the overlap everything is signed with both, so
   * that a receiver can change over without losing any.
   *
   * Role: project.
   */
  "rotate-secret": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    body?: RotateSecretRequest;
    answer: Endpoint;
  };
  /**
   * Send an endpoint an example of an event.
   *
   * Sends the endpoint an example of an event of the type, signed as any and with an id of its own,
   * and answers with what the receiver said. Nothing has happened: there is no such session, and
   * the event is in no log, is not tried again and counts nowhere.
   *
   * Role: project.
   */
  "send-example": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    body: SendExampleRequest;
    answer: ExampleAnswer;
  };
  /**
   * Send a webhook_test event to an endpoint.
   *
   * Sends an event of the type webhook_test to this endpoint alone, whatever it asks for. The
   * delivery in the answer says what became of it.
   *
   * Role: project.
   */
  "test-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    answer: Delivery;
  };
  /**
   * Change a webhook endpoint.
   *
   * Changes the members that are given, and leaves the others. null clears one.
   *
   * Role: project.
   */
  "update-endpoint": {
    path: {
      /** The webhook endpoint. */
      endpointId: string;
    };
    body: UpdateEndpointRequest;
    answer: Endpoint;
  };
  /**
   * Change a project.
   *
   * Changes how many browsers the project may have at once.
   *
   * Role: operator.
   */
  "update-project": {
    path: {
      /** The project. */
      projectId: string;
    };
    body: UpdateProjectRequest;
    answer: Project;
  };
}

/** Where each operation is; creates: it takes an Idempotency-Key. */
export const operations = {
  "add-steps": { method: "POST", path: "/v1/sessions/{sessionId}/steps", creates: true },
  "cancel-deliveries": { method: "POST", path: "/v1/deliveries/cancel", creates: false },
  "cancel-delivery": { method: "POST", path: "/v1/deliveries/{deliveryId}/cancel", creates: false },
  "cancel-step": { method: "POST", path: "/v1/sessions/{sessionId}/steps/{stepId}/cancel", creates: false },
  "close-session": { method: "DELETE", path: "/v1/sessions/{sessionId}", creates: false },
  "create-endpoint": { method: "POST", path: "/v1/webhook-endpoints", creates: true },
  "create-key": { method: "POST", path: "/v1/keys", creates: true },
  "create-project": { method: "POST", path: "/v1/projects", creates: true },
  "create-session": { method: "POST", path: "/v1/sessions", creates: true },
  "create-stream": { method: "POST", path: "/v1/sessions/{sessionId}/streams", creates: true },
  "delete-endpoint": { method: "DELETE", path: "/v1/webhook-endpoints/{endpointId}", creates: false },
  "disable-endpoint": { method: "POST", path: "/v1/webhook-endpoints/{endpointId}/disable", creates: false },
  "drain-node": { method: "POST", path: "/v1/nodes/{nodeId}/drain", creates: false },
  "enable-endpoint": { method: "POST", path: "/v1/webhook-endpoints/{endpointId}/enable", creates: false },
  "explain-delivery": { method: "GET", path: "/v1/deliveries/{deliveryId}/explain", creates: false },
  "explain-event": { method: "GET", path: "/v1/events/{eventId}/explain", creates: false },
  "export-recording": { method: "GET", path: "/v1/sessions/{sessionId}/recording/video", creates: false },
  "forget-session": { method: "DELETE", path: "/v1/sessions/{sessionId}/data", creates: false },
  "get-artifact": { method: "GET", path: "/v1/sessions/{sessionId}/artifacts/{artifactId}", creates: false },
  "get-delivery": { method: "GET", path: "/v1/deliveries/{deliveryId}", creates: false },
  "get-endpoint": { method: "GET", path: "/v1/webhook-endpoints/{endpointId}", creates: false },
  "get-endpoint-stats": { method: "GET", path: "/v1/webhook-endpoints/{endpointId}/stats", creates: false },
  "get-event": { method: "GET", path: "/v1/events/{eventId}", creates: false },
  "get-key": { method: "GET", path: "/v1/keys/{keyId}", creates: false },
  "get-project": { method: "GET", path: "/v1/projects/{projectId}", creates: false },
  "get-recording": { method: "GET", path: "/v1/sessions/{sessionId}/recording", creates: false },
  "get-session": { method: "GET", path: "/v1/sessions/{sessionId}", creates: false },
  "get-step": { method: "GET", path: "/v1/sessions/{sessionId}/steps/{stepId}", creates: false },
  "get-stream": { method: "GET", path: "/v1/sessions/{sessionId}/streams/{streamId}", creates: false },
  "list-artifacts": { method: "GET", path: "/v1/sessions/{sessionId}/artifacts", creates: false },
  "list-attempts": { method: "GET", path: "/v1/deliveries/{deliveryId}/attempts", creates: false },
  "list-deliveries": { method: "GET", path: "/v1/deliveries", creates: false },
  "list-endpoints": { method: "GET", path: "/v1/webhook-endpoints", creates: false },
  "list-event-types": { method: "GET", path: "/v1/event-types", creates: false },
  "list-events": { method: "GET", path: "/v1/events", creates: false },
  "list-keys": { method: "GET", path: "/v1/keys", creates: false },
  "list-nodes": { method: "GET", path: "/v1/nodes", creates: false },
  "list-projects": { method: "GET", path: "/v1/projects", creates: false },
  "list-sessions": { method: "GET", path: "/v1/sessions", creates: false },
  "list-steps": { method: "GET", path: "/v1/sessions/{sessionId}/steps", creates: false },
  "list-viewers": { method: "GET", path: "/v1/sessions/{sessionId}/viewers", creates: false },
  "pause-endpoint": { method: "POST", path: "/v1/webhook-endpoints/{endpointId}/pause", creates: false },
  "read-logs": { method: "GET", path: "/v1/sessions/{sessionId}/logs", creates: false },
  "read-metrics": { method: "GET", path: "/metrics", creates: false },
  "recover-endpoint": { method: "POST", path: "/v1/webhook-endpoints/{endpointId}/recover", creates: true },
  "resume-endpoint": { method: "POST", path: "/v1/webhook-endpoints/{endpointId}/resume", creates: false },
  "retry-deliveries": { method: "POST", path: "/v1/deliveries/retry", creates: true },
  "retry-delivery": { method: "POST", path: "/v1/deliveries/{deliveryId}/retry", creates: true },
  "revoke-key": { method: "DELETE", path: "/v1/keys/{keyId}", creates: false },
  "revoke-stream": { method: "DELETE", path: "/v1/sessions/{sessionId}/streams/{streamId}", creates: false },
  "rotate-connect-url": { method: "POST", path: "/v1/sessions/{sessionId}/rotate-connect-url", creates: true },
  "rotate-secret": { method: "POST", path: "/v1/webhook-endpoints/{endpointId}/rotate-secret", creates: true },
  "send-example": { method: "POST", path: "/v1/webhook-endpoints/{endpointId}/send-example", creates: false },
  "test-endpoint": { method: "POST", path: "/v1/webhook-endpoints/{endpointId}/test", creates: true },
  "update-endpoint": { method: "PATCH", path: "/v1/webhook-endpoints/{endpointId}", creates: false },
  "update-project": { method: "PATCH", path: "/v1/projects/{projectId}", creates: false },
} as const;

/** The version of the description. */
export const version = "0.1.0";
