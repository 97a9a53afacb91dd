package receive

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/sender"
	"github.com/browserhook/browserhook/internal/terminal"
)

// within is how long the server may take to delete the endpoint at the end.
const within = 5 * time.Second

// again is how long after a server wasn't there it is asked again.
const again = time.Second

// plain is why a call failed, for a person.
func plain(err error) string {
	return terminal.Clean(strings.TrimSuffix(sender.Plain(err).Error(), "."))
}

// register makes an endpoint at the server for this receiver's address. A
// server that is away is waited for; one that refuses is an error. The endpoint
// is "" when ctx ended first.
func (r *Receiver) register(ctx context.Context) (endpoint string, err error) {
	key := rand.Text()
	for {
		endpoint, err := r.make(ctx, key)
		if err == nil {
			return endpoint, nil
		}
		if refused, ok := errors.AsType[*browserhook.Error](err); ok && refused.Status < http.StatusInternalServerError && !refused.Temporary() {
			return "", r.advise(refused)
		}
		if ctx.Err() != nil {
			r.withdraw(ctx, key)
			return "", nil //nolint:nilerr // it was told to end
		}
		r.say(terminal.Odd.Render(fmt.Sprintf("Not registered with %s: %s. Trying again.", r.Server.URL(), plain(err))))
		timer := time.NewTimer(again)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			r.withdraw(ctx, key)
			return "", nil
		}
	}
}

// make makes the endpoint, one for each key however often it is tried.
func (r *Receiver) make(ctx context.Context, key string) (endpoint string, err error) {
	made, err := r.Server.Endpoints.Create(browserhook.WithIdempotencyKey(ctx, key), browserhook.CreateEndpointRequest{
		URL: r.hook, Events: []string{"*"}, Secret: r.secret, Description: "browserhook receive",
	})
	if err != nil {
		return "", err
	}
	return made.EndpointID, nil
}

// withdraw deletes an endpoint that may have been made though its answer was
// lost, after ctx has ended: by its key the server says once more which it is.
func (r *Receiver) withdraw(ctx context.Context, key string) {
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	endpoint, err := r.make(within, key)
	if err != nil {
		r.say(terminal.Odd.Render(fmt.Sprintf("Whether %s has made an endpoint for %s is not known: %s", r.Server.URL(), r.hook, plain(err))))
		return
	}
	r.unregister(ctx, endpoint)
}

// advise adds to a refusal of the address what opens it.
func (r *Receiver) advise(refused *browserhook.Error) error {
	if len(refused.Fields) == 0 || refused.Fields[0].Field != "url" {
		return refused
	}
	return fmt.Errorf("%s doesn't send to %s: %s\nStart the server with %s, or let `browserhook listen` bring its events here",
		r.Server.URL(), r.hook, refused.Detail, allowFlag(r.hook))
}

// unregister deletes the endpoint, after ctx has ended.
func (r *Receiver) unregister(ctx context.Context, endpoint string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	if err := r.Server.Endpoints.Delete(ctx, endpoint); err != nil {
		r.say(terminal.Bad.Render(fmt.Sprintf("The endpoint %s could not be deleted and stays at %s: %s", endpoint, r.Server.URL(), plain(err))))
		return
	}
	r.say(fmt.Sprintf("Deleted the endpoint %s.", endpoint))
}

// allowFlag is what a server needs to be started with to send there.
func allowFlag(hook string) string {
	allow := "127.0.0.0/8"
	if u, err := url.Parse(hook); err == nil {
		if addr, err := netip.ParseAddr(u.Hostname()); err == nil && (!addr.IsLoopback() || addr.Is6()) {
			allow = netip.PrefixFrom(addr, addr.BitLen()).String()
		}
	}
	return "--webhook-allow " + allow
}

// reachable is the address that a server is to send to, given the one that this
// receiver listens on: where that is every address of the machine, the one that
// leads to the server.
func reachable(ctx context.Context, listening net.Addr, server string) (hook string) {
	tcp, ok := listening.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return "http://" + listening.String() + "/hook"
	}
	ip := "127.0.0.1"
	if u, err := url.Parse(server); err == nil && u.Host != "" {
		// Nothing is sent: a UDP socket is only told whom it would speak to.
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "udp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")))
		if err == nil {
			if local, ok := c.LocalAddr().(*net.UDPAddr); ok {
				ip = local.IP.String()
			}
			c.Close()
		}
	}
	return "http://" + net.JoinHostPort(ip, fmt.Sprint(tcp.Port)) + "/hook"
}
