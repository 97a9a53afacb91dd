package egress

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestARedirectIsNotToldTheAddressBefore: it may have a token in it.
func TestARedirectIsNotToldTheAddressBefore(t *testing.T) {
	referer := make(chan string, 1)
	end := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { referer <- r.Header.Get("Referer") }))
	defer end.Close()
	first := httptest.NewServer(http.RedirectHandler(end.URL, http.StatusFound))
	defer first.Close()
	if _, err := Fetch(t.Context(), (&net.Dialer{}).DialContext, first.URL+"/file?token=hunter22", 100); err != nil {
		t.Fatal(err)
	}
	if got := <-referer; got != "" {
		t.Errorf("it was told %q", got)
	}
}
