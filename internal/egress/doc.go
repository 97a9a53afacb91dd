// Package egress is the server's way out: every request that it makes to an
// address somebody else chose goes through here.
//
// The rule is kept where it can't be walked around: [Guard.Control] looks at
// the address that is about to be connected to, after DNS, on every
// connection. Private, loopback, link-local, metadata, CGNAT, NAT64 and other
// special ranges are closed unless the operator opened them by CIDR.
// [Guard.CheckURL] refuses what is plainly closed earlier, when a URL is
// saved, so that its owner hears of it; it is a courtesy, not the defence.
//
// With a proxy, what Control would look at is the proxy. So a name is resolved
// here, what it means is checked, and the proxy is asked for a tunnel to the
// address that passed, so that what was checked is again what is connected to.
package egress
