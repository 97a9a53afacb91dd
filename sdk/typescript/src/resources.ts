import { follow, type FollowParams } from "./follow.js";
import type * as api from "./generated/schemas.js";
import type { Operations } from "./generated/operations.js";
import { Pages } from "./pages.js";
import { Session } from "./session.js";
import type { CallOptions, OperationId, Transport } from "./transport.js";

type Query<K extends OperationId> = Operations[K] extends { query?: infer Q } ? Q : never;

/** A page's place in a query. */
type At = { cursor?: string };

class Resource {
  /** @internal */
  constructor(protected readonly t: Transport) {}

  protected pages<T>(read: (at: At) => Promise<{ data: T[]; nextCursor?: string }>, log = false): Pages<T> {
    return new Pages((cursor) => read(cursor ? { cursor } : {}), log);
  }
}

/** Sessions, each a browser of its own. */
export class Sessions extends Resource {
  /** Makes a session. Its browser starts, or waits in a queue; so do its steps. */
  async create(params: api.CreateSessionRequest = {}, options?: CallOptions): Promise<Session> {
    return new Session(this.t, await this.t.call("create-session", { body: params }, options));
  }

  async get(sessionId: string, options?: CallOptions): Promise<Session> {
    return new Session(this.t, await this.t.call("get-session", { path: { sessionId } }, options));
  }

  list(query?: Query<"list-sessions">, options?: CallOptions): Pages<Session> {
    return this.pages(async (at) => {
      const page = await this.t.call("list-sessions", { query: { ...query, ...at } }, options);
      return { ...page, data: page.data.map((data) => new Session(this.t, data)) };
    });
  }
}

/** The log of all that happened. */
export class Events extends Resource {
  /** The events that there are, oldest first. */
  list(query?: Query<"list-events">, options?: CallOptions): Pages<api.Event> {
    return this.pages((at) => this.t.call("list-events", { query: { ...query, ...at } }, options), true);
  }

  /** Events as they happen, from now or a cursor on. A stream that is lost goes on where it was. */
  follow(params: FollowParams = {}, options?: CallOptions): AsyncGenerator<api.Event, void, undefined> {
    return follow(this.t, params, options);
  }

  /** The types of events, each with a schema and an example. */
  types(query?: Query<"list-event-types">, options?: CallOptions): Pages<api.EventTypeDescription> {
    return this.pages((at) => this.t.call("list-event-types", { query: { ...query, ...at } }, options));
  }

  get(eventId: string, options?: CallOptions): Promise<api.Event> {
    return this.t.call("get-event", { path: { eventId } }, options);
  }

  /** Why each endpoint got an event or didn't. */
  explain(eventId: string, query?: Query<"explain-event">, options?: CallOptions): Pages<api.Explanation> {
    return this.pages((at) => this.t.call("explain-event", { path: { eventId }, query: { ...query, ...at } }, options));
  }
}

/** Endpoints, which get the events as webhooks. */
export class Endpoints extends Resource {
  /** Makes an endpoint. Its `secret`, or its `publicKey`, verifies what it gets. */
  create(params: api.CreateEndpointRequest, options?: CallOptions): Promise<api.Endpoint> {
    return this.t.call("create-endpoint", { body: params }, options);
  }

  get(endpointId: string, options?: CallOptions): Promise<api.Endpoint> {
    return this.t.call("get-endpoint", { path: { endpointId } }, options);
  }

  list(query?: Query<"list-endpoints">, options?: CallOptions): Pages<api.Endpoint> {
    return this.pages((at) => this.t.call("list-endpoints", { query: { ...query, ...at } }, options));
  }

  /** Changes what is given, and nothing else. */
  update(endpointId: string, params: api.UpdateEndpointRequest, options?: CallOptions): Promise<api.Endpoint> {
    return this.t.call("update-endpoint", { path: { endpointId }, body: params }, options);
  }

  delete(endpointId: string, options?: CallOptions): Promise<void> {
    return this.t.call("delete-endpoint", { path: { endpointId } }, options);
  }

  enable(endpointId: string, options?: CallOptions): Promise<api.Endpoint> {
    return this.t.call("enable-endpoint", { path: { endpointId } }, options);
  }

  disable(endpointId: string, options?: CallOptions): Promise<api.Endpoint> {
    return this.t.call("disable-endpoint", { path: { endpointId } }, options);
  }

  /** Has what it would get wait. */
  pause(endpointId: string, options?: CallOptions): Promise<api.Endpoint> {
    return this.t.call("pause-endpoint", { path: { endpointId } }, options);
  }

  resume(endpointId: string, options?: CallOptions): Promise<api.Endpoint> {
    return this.t.call("resume-endpoint", { path: { endpointId } }, options);
  }

  /** Sends what it has missed. */
  recover(endpointId: string, params: api.RecoverEndpointRequest, options?: CallOptions): Promise<api.DeliveryCount> {
    return this.t.call("recover-endpoint", { path: { endpointId }, body: params }, options);
  }

  /** Gives it another secret; the one before signs too for a while. */
  rotateSecret(endpointId: string, params: api.RotateSecretRequest = {}, options?: CallOptions): Promise<api.Endpoint> {
    return this.t.call("rotate-secret", { path: { endpointId }, body: params }, options);
  }

  /** Sends it a test. */
  test(endpointId: string, options?: CallOptions): Promise<api.Delivery> {
    return this.t.call("test-endpoint", { path: { endpointId } }, options);
  }

  /** How it does: what its attempts came to, how long they took, what waits. */
  stats(endpointId: string, query?: Query<"get-endpoint-stats">, options?: CallOptions): Promise<api.EndpointStats> {
    return this.t.call("get-endpoint-stats", { path: { endpointId }, query: { ...query } }, options);
  }

  /** Sends it an example of an event, once, and says what it answered. */
  sendExample(endpointId: string, params: api.SendExampleRequest, options?: CallOptions): Promise<api.ExampleAnswer> {
    return this.t.call("send-example", { path: { endpointId }, body: params }, options);
  }
}

/** Deliveries, each of one event to one endpoint. */
export class Deliveries extends Resource {
  get(deliveryId: string, options?: CallOptions): Promise<api.Delivery> {
    return this.t.call("get-delivery", { path: { deliveryId } }, options);
  }

  list(query?: Query<"list-deliveries">, options?: CallOptions): Pages<api.Delivery> {
    return this.pages((at) => this.t.call("list-deliveries", { query: { ...query, ...at } }, options));
  }

  /** Each time it was tried. */
  attempts(deliveryId: string, query?: Query<"list-attempts">, options?: CallOptions): Pages<api.Attempt> {
    return this.pages((at) => this.t.call("list-attempts", { path: { deliveryId }, query: { ...query, ...at } }, options));
  }

  /** Why it was sent or not, and what happens next. */
  explain(deliveryId: string, options?: CallOptions): Promise<api.Explanation> {
    return this.t.call("explain-delivery", { path: { deliveryId } }, options);
  }

  /** Sends it again, now. */
  retry(deliveryId: string, options?: CallOptions): Promise<api.Delivery> {
    return this.t.call("retry-delivery", { path: { deliveryId } }, options);
  }

  /** Sends all again that a filter picks. */
  retryMany(filter: api.RetryDeliveriesRequest, options?: CallOptions): Promise<api.DeliveryCount> {
    return this.t.call("retry-deliveries", { body: filter }, options);
  }

  /** Gives it up. */
  cancel(deliveryId: string, options?: CallOptions): Promise<api.Delivery> {
    return this.t.call("cancel-delivery", { path: { deliveryId } }, options);
  }

  /** Gives all up that a filter picks. */
  cancelMany(filter: api.CancelDeliveriesRequest, options?: CallOptions): Promise<api.DeliveryCount> {
    return this.t.call("cancel-deliveries", { body: filter }, options);
  }
}

/** API keys; an operator's. */
export class Keys extends Resource {
  /** Makes a key. This answer alone has the `key` itself. */
  create(params: api.CreateKeyRequest, options?: CallOptions): Promise<api.Key> {
    return this.t.call("create-key", { body: params }, options);
  }

  list(query?: Query<"list-keys">, options?: CallOptions): Pages<api.Key> {
    return this.pages((at) => this.t.call("list-keys", { query: { ...query, ...at } }, options));
  }

  get(keyId: string, options?: CallOptions): Promise<api.Key> {
    return this.t.call("get-key", { path: { keyId } }, options);
  }

  /** Ends a key, and what it holds open. */
  revoke(keyId: string, options?: CallOptions): Promise<void> {
    return this.t.call("revoke-key", { path: { keyId } }, options);
  }
}

/** Projects; an operator's. */
export class Projects extends Resource {
  create(params: api.CreateProjectRequest, options?: CallOptions): Promise<api.Project> {
    return this.t.call("create-project", { body: params }, options);
  }

  list(query?: Query<"list-projects">, options?: CallOptions): Pages<api.Project> {
    return this.pages((at) => this.t.call("list-projects", { query: { ...query, ...at } }, options));
  }

  get(projectId: string, options?: CallOptions): Promise<api.Project> {
    return this.t.call("get-project", { path: { projectId } }, options);
  }

  update(projectId: string, params: api.UpdateProjectRequest, options?: CallOptions): Promise<api.Project> {
    return this.t.call("update-project", { path: { projectId }, body: params }, options);
  }
}

/** The servers that share a database; an operator's. */
export class Nodes extends Resource {
  list(query?: Query<"list-nodes">, options?: CallOptions): Pages<api.Node> {
    return this.pages((at) => this.t.call("list-nodes", { query: { ...query, ...at } }, options));
  }

  /** Has a server take no new sessions; it ends with its last one. */
  drain(nodeId: string, options?: CallOptions): Promise<api.Node> {
    return this.t.call("drain-node", { path: { nodeId } }, options);
  }
}
