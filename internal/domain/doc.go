// Package domain holds browserhook's nouns: ids, sessions, steps, events,
// webhook endpoints, deliveries, their states and the transitions between them, and
// the error codes that clients see. It imports the standard library only and
// nothing of ours, so that every other package can share it.
package domain
