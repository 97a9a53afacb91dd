// Package demo is what `make demo` shows: a small shop, a receiver of webhooks
// that verifies them, and the run of a session through both.
package demo

import (
	"crypto/rand"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
)

//go:embed shop.html
var shopHTML string

var shopPage = template.Must(template.New("shop").Parse(shopHTML))

type product struct {
	ID, Name, Price, Note string
}

var products = []product{
	{"kettle", "Copper kettle", "89.00", "Whistles. Holds a litre and a half."},
	{"teapot", "Glass teapot", "34.50", "See the leaves open."},
	{"cups", "Four cups", "28.00", "Stoneware, no two the same."},
	{"tea", "First-flush tea", "17.25", "From the hills, this spring."},
}

// Order is what the shop wrote down.
type Order struct {
	Number, Product, Name, Email, Size string
}

// Shop is a web site with a search, a form and orders.
type Shop struct {
	mu     sync.Mutex
	orders []Order
}

// Orders are those that were placed.
func (s *Shop) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Order(nil), s.orders...)
}

func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	view := map[string]any{"Products": products, "Query": ""}
	switch {
	case r.URL.Path == "/":
		q := r.URL.Query().Get("q")
		found := []product{}
		for _, p := range products {
			if strings.Contains(strings.ToLower(p.Name), strings.ToLower(q)) {
				found = append(found, p)
			}
		}
		view["Products"], view["Query"], view["List"] = found, q, true
	case r.URL.Path == "/order" && r.Method == http.MethodPost:
		o := Order{
			Number: fmt.Sprintf("T-%s", rand.Text()[:6]), Product: r.FormValue("product"), Name: r.FormValue("name"),
			Email: r.FormValue("email"), Size: r.FormValue("size"),
		}
		s.mu.Lock()
		s.orders = append(s.orders, o)
		s.mu.Unlock()
		view["Order"] = o
	default:
		id := strings.TrimPrefix(r.URL.Path, "/p/")
		for _, p := range products {
			if p.ID == id {
				view["Product"] = p
			}
		}
		if view["Product"] == nil {
			http.NotFound(w, r)
			return
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = shopPage.Execute(w, view)
}
