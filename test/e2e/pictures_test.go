package e2e

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

var pictures = flag.String("pictures", "", "where TestPictures puts its pictures; those of the documents go to docs/img too")

// inDocuments are the pictures that the documents show, by their names there.
var inDocuments = map[string]string{
	"wall": "wall-1440-light", "session": "session-1440-light", "webhook": "webhook-1440-light", "live": "live-asked-1440-light", "replay": "live-moved-back-1440-light",
}

// TestPictures takes a picture of every page of a server in each of its states, with
// sessions that work in examples/shop: `make pictures`.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("make pictures runs it")
	}
	dir := harness.Isolate(t)
	hook, failing := harness.NewReceiver(t), harness.NewReceiver(t)
	failing.Answer = func(int64) int { return http.StatusInternalServerError }
	invoices := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, invoicesPage)
	}))
	t.Cleanup(invoices.Close)
	shown := harness.Start(t, filepath.Join(dir, "data"), "--max-sessions=5")
	looks := harness.Start(t, filepath.Join(dir, "looks"))
	made, err := looks.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"timeout": "1h", "idleTimeout": "1h"})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "pictures.mjs", made.String("connectUrl"), shown.URL, harness.Key, openShop(t, dir), invoices.URL, hook.URL, failing.URL, harness.Start(t, filepath.Join(dir, "none"), "--chromium=/bin/false").URL, *pictures, strconv.Itoa(shown.PID()))
	cmd.Dir = "../clients"
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	for name, from := range inDocuments {
		shrink(t, filepath.Join(*pictures, from+".png"), filepath.Join("../../docs/img", name+".png"))
	}
}

// invoicesPage asks before it pays, by the button in its middle.
const invoicesPage = `<!doctype html><html lang="en"><title>Invoices · Steep &amp; Co.</title><link rel="icon" href="data:,"><style>
	body { font: 17px/1.6 Georgia, serif; max-width: 44rem; margin: 1.5rem auto; padding: 0 1rem; color: #22302a }
	table { width: 100%; border-collapse: collapse; margin-bottom: 1.2rem } td { padding: .45rem 0; border-bottom: 1px solid #dde3df } td:last-child { text-align: right; color: #1f7a4d }
	button { display: block; margin: 0 auto; font: inherit; padding: .6rem 1.6rem; border: 0; border-radius: 6px; background: #1f7a4d; color: #fff }</style>
	<h1>Due this week</h1><table><tr><td>Leaf &amp; Sons<td>€ 98.00<tr><td>Kiln 12<td>€ 164.40<tr><td>Harbour freight<td>€ 50.00</table>
	<button onclick="confirm('Pay all three invoices, € 312.40?')">Pay all three</button>`

// openShop runs examples/shop, and is its address.
func openShop(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "shop")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../examples/shop").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, "-listen", "127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	said, err := bufio.NewReader(stdout).ReadString('\n')
	_, address, ok := strings.Cut(strings.TrimSpace(said), " at ")
	if err != nil || !ok {
		t.Fatalf("the shop says %q: %v", said, err)
	}
	return address
}

// shrink writes a picture with at most 256 colours, which is a third of its size: those
// that most of its pixels have and that can be told apart. All others become the nearest.
func shrink(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	read, err := png.Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	full := image.NewRGBA(read.Bounds())
	draw.Draw(full, full.Bounds(), read, read.Bounds().Min, draw.Src)
	pixels := map[color.RGBA]int{}
	for i := 0; i < len(full.Pix); i += 4 {
		pixels[color.RGBA{full.Pix[i], full.Pix[i+1], full.Pix[i+2], 255}]++
	}
	byPixels := slices.SortedFunc(maps.Keys(pixels), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(pixels[b], pixels[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	const apart = 4 // in one of red, green and blue, at least
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) < apart }
	var palette color.Palette
	for _, one := range byPixels {
		same := func(c color.Color) bool {
			other, _ := c.(color.RGBA)
			return near(one.R, other.R) && near(one.G, other.G) && near(one.B, other.B)
		}
		if len(palette) < 256 && !slices.ContainsFunc(palette, same) {
			palette = append(palette, one)
		}
	}
	index := map[color.RGBA]uint8{}
	for one := range pixels {
		index[one] = uint8(palette.Index(one)) //nolint:gosec // there are 256
	}
	small := image.NewPaletted(full.Bounds(), palette)
	for i := range small.Pix {
		small.Pix[i] = index[color.RGBA{full.Pix[4*i], full.Pix[4*i+1], full.Pix[4*i+2], 255}]
	}
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, small); err != nil {
		t.Fatal(err)
	}
}
