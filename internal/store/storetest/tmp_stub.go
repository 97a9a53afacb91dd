package storetest

import "testing"

var sessionTests, stepTests, eventTests, fanoutTests, endpointTests, deliveryTests, idempotencyTests, accessTests, listTests, commitTests, isolationTests []test

func deliveriesFollowTheModel(*testing.T, func(testing.TB) Open) {}
