// Command shop is the web site that the recipes work on: a catalogue, a form
// that takes files, a login, and invoices. It stands for any site of yours.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"flag"
	"fmt"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed pages.html
var pagesHTML string

var pages = template.Must(template.New("shop").Parse(pagesHTML))

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "address and port")
	flag.Parse()
	l, err := net.Listen("tcp", *listen) //nolint:noctx // loopback answers at once
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stdout, "The shop is open at http://%s\n", l.Addr())
	server := &http.Server{Handler: newShop(os.Stdout), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(l))
}

// shop is the site; what a person's phone would show, and who signs in, goes to out.
type shop struct {
	http.ServeMux
	out io.Writer

	mu       sync.Mutex
	signedIn map[string]string // cookie to e-mail
	codes    map[string]string // cookie to the code that its owner still has to type
}

func newShop(out io.Writer) *shop {
	s := &shop{out: out, signedIn: map[string]string{}, codes: map[string]string{}}
	s.HandleFunc("GET /{$}", s.catalogue)
	s.HandleFunc("GET /p/{id}", s.product)
	s.HandleFunc("GET /returns", func(w http.ResponseWriter, _ *http.Request) { show(w, "returns", nil) })
	s.HandleFunc("POST /returns", s.takeBack)
	s.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) { show(w, "login", nil) })
	s.HandleFunc("POST /login", s.login)
	s.HandleFunc("GET /code", func(w http.ResponseWriter, _ *http.Request) { show(w, "code", nil) })
	s.HandleFunc("POST /code", s.code)
	s.HandleFunc("GET /orders", s.orders)
	s.HandleFunc("GET /invoices/{number}", s.invoice)
	return s
}

func show(w http.ResponseWriter, page string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pages.ExecuteTemplate(w, page, data); err != nil {
		log.Print(err)
	}
}

type product struct {
	ID, Name, Price string
	InStock         bool
}

// products are what three pages of the catalogue have.
var products = []product{
	{"kettle", "Copper kettle", "89.00", true}, {"teapot", "Glass teapot", "34.50", true},
	{"cups", "Four cups", "28.00", false}, {"caddy", "Tin caddy", "12.90", true},
	{"whisk", "Bamboo whisk", "19.00", true}, {"scale", "Pocket scale", "24.00", true},
	{"assam", "Assam, 250 g", "11.25", true}, {"sencha", "Sencha, 100 g", "17.25", false},
	{"oolong", "Oolong, 100 g", "21.40", true}, {"tray", "Walnut tray", "1,240.00", true},
}

const onPage = 4

func (s *shop) catalogue(w http.ResponseWriter, r *http.Request) {
	query := r.FormValue("q")
	var found []product
	for _, p := range products {
		if strings.Contains(strings.ToLower(p.Name), strings.ToLower(query)) {
			found = append(found, p)
		}
	}
	n, _ := strconv.Atoi(r.FormValue("page"))
	first := min(max(n-1, 0)*onPage, len(found))
	last := min(first+onPage, len(found))
	next := 0
	if last < len(found) {
		next = max(n, 1) + 1
	}
	show(w, "catalogue", map[string]any{"Query": query, "Products": found[first:last], "Next": next})
}

func (s *shop) product(w http.ResponseWriter, r *http.Request) {
	for _, p := range products {
		if p.ID == r.PathValue("id") {
			show(w, "product", p)
			return
		}
	}
	http.NotFound(w, r)
}

// file is what somebody has sent.
type file struct {
	Name, SHA256 string
	Size         int64
}

func (s *shop) takeBack(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 32<<20)
	if err := r.ParseMultipartForm(32 << 20); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var files []file
	for _, header := range r.MultipartForm.File["photos"] {
		f, err := header.Open()
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		hash := sha256.New()
		n, err := io.Copy(hash, f)
		f.Close()
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		files = append(files, file{Name: header.Filename, SHA256: fmt.Sprintf("%x", hash.Sum(nil)), Size: n})
	}
	show(w, "returned", map[string]any{
		"Number": "R-" + rand.Text()[:6], "Order": r.FormValue("order"), "Reason": r.FormValue("reason"), "Files": files,
	})
}

// accounts are who may sign in, all with the password "correct horse"; with a phone
// also with the code that it is sent.
var accounts = map[string]struct{ phone bool }{"ada@example.org": {}, "grace@example.org": {phone: true}}

func (s *shop) login(w http.ResponseWriter, r *http.Request) {
	email := r.FormValue("email")
	account, ok := accounts[email]
	if !ok || r.FormValue("password") != "correct horse" {
		show(w, "login", "That e-mail and password don't go together.")
		return
	}
	cookie := rand.Text()
	http.SetCookie(w, &http.Cookie{Name: "shop", Value: cookie, Path: "/", HttpOnly: true, MaxAge: 86400})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signedIn[cookie] = email
	if account.phone {
		s.codes[cookie] = fmt.Sprintf("%06d", time.Now().UnixNano()%1_000_000)
		fmt.Fprintf(s.out, "To %s's phone: your code is %s\n", email, s.codes[cookie])
		http.Redirect(w, r, "/code", http.StatusSeeOther)
		return
	}
	fmt.Fprintf(s.out, "%s has signed in\n", email)
	http.Redirect(w, r, "/orders", http.StatusSeeOther)
}

func (s *shop) code(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("shop")
	if err != nil {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.FormValue("code") != s.codes[cookie.Value] {
		show(w, "code", "That is not the code.")
		return
	}
	delete(s.codes, cookie.Value)
	fmt.Fprintf(s.out, "%s has signed in\n", s.signedIn[cookie.Value])
	http.Redirect(w, r, "/orders", http.StatusSeeOther)
}

// order is one that somebody has placed, and its invoice.
type order struct {
	Number, Date, Item, Total string
}

var placed = []order{{"1042", "2026-10-02", "Copper kettle", "89.00"}, {"1057", "2026-11-19", "Oolong, 100 g", "21.40"}}

func (s *shop) orders(w http.ResponseWriter, r *http.Request) {
	var email, code string
	if cookie, err := r.Cookie("shop"); err == nil {
		s.mu.Lock()
		email, code = s.signedIn[cookie.Value], s.codes[cookie.Value]
		s.mu.Unlock()
	}
	if email == "" || code != "" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	show(w, "orders", map[string]any{"Email": email, "Orders": placed})
}

func (s *shop) invoice(w http.ResponseWriter, r *http.Request) {
	for _, o := range placed {
		if o.Number == r.PathValue("number") {
			show(w, "invoice", o)
			return
		}
	}
	http.NotFound(w, r)
}
