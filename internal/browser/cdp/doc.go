// Package cdp is the wire to one Chromium: it speaks the DevTools protocol as
// `--remote-debugging-pipe` does, JSON messages ended by a NUL byte, over any
// stream of bytes. One Conn carries many flat sessions; every call has a
// deadline; events reach their listeners in the order in which they came.
//
// The types of commands and events come from github.com/chromedp/cdproto: a
// Session of ours is what its cdp.Call and cdp.Events take.
package cdp
