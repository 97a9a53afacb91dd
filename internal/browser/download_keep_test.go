package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestADownloadIsStoppedInItsContext, which is asked for when it is not the session's own;
// what lies of it is only removed when the browser writes no more of it.
func TestADownloadIsStoppedInItsContext(t *testing.T) {
	tabs, tell, begin, _ := downloadTabs(t, nobodyKeeps)
	wire := scripted(t, tabs, map[string]func(params string) string{
		"Browser.cancelDownload": func(params string) string {
			if strings.Contains(params, `"browserContextId":"C2"`) {
				return `"result":{}`
			}
			return `"error":{"code":-32602,"message":"No download item found for the given GUID"}`
		},
		"Target.getBrowserContexts": func(string) string { return `"result":{"browserContextIds":["C1","C2"]}` },
	})
	begin(guidOf(1))
	part := filepath.Join(tabs.downloads.files, downloadsFolder, guidOf(1)+partial)
	if err := os.WriteFile(part, []byte("a,b"), 0o600); err != nil {
		t.Fatal(err)
	}
	tell("", "Browser.downloadProgress", object{"guid": guidOf(1), "state": "inProgress", "totalBytes": 1001})
	if one, err := tabs.Download(t.Context(), 0, nil); err != nil || one.Failure == nil || one.Failure.Code != CodeDownloadTooLarge {
		t.Errorf("%+v, %v", one, err)
	}
	for _, want := range []string{"Browser.cancelDownload", "Target.getBrowserContexts", "Browser.cancelDownload C1", "Browser.cancelDownload C2"} {
		if got := <-wire; got != want {
			t.Errorf("the browser was asked for %s, want %s", got, want)
		}
	}
	if left := lying(t, tabs); len(left) != 1 {
		t.Errorf("while it may be written there are %v", left)
	}
	tell("", "Browser.downloadProgress", object{"guid": guidOf(1), "state": "canceled"})
	_ = tabs.conn.Close()
	tabs.conn.Wait()
	if left := lying(t, tabs); len(left) != 0 {
		t.Errorf("afterwards there are %v", left)
	}
}

// scripted has the wire of tabs answered, and tells what was asked for, and in which
// context.
func scripted(t *testing.T, tabs *Tabs, answers map[string]func(params string) string) <-chan string {
	t.Helper()
	ours, theirs := net.Pipe()
	tabs.conn = cdp.NewConn(ours, tabs.log)
	t.Cleanup(func() { _ = tabs.conn.Close() })
	asked := make(chan string, 100)
	go answering(theirs, func(m asks) string {
		asked <- strings.TrimSpace(m.Method + " " + m.Params.BrowserContextID)
		answer := `"result":{}`
		if of := answers[m.Method]; of != nil {
			answer = of(m.raw)
		}
		return fmt.Sprintf(`{"id":%d,%s}`, m.ID, answer)
	})
	return asked
}

// TestWhatIsWholeIsKeptWhenTheSessionEnds, though its folder is gone with the browser;
// of what can't be that is told.
func TestWhatIsWholeIsKeptWhenTheSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		kept, away := map[string]string{}, true
		ended := make(chan struct{})
		tabs, _, begin, complete := downloadTabs(t, func(ctx context.Context, session string, d *Download, file io.Reader) error {
			if file != nil {
				select {
				case <-ended:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case d.Failure != nil:
				kept[d.id] = d.Failure.Code
				return nil
			case d.id == guidOf(4) || away && d.id == guidOf(3):
				return errors.New("nowhere to keep it")
			}
			kept[d.id] = "kept"
			return nobodyKeeps(ctx, session, d, file)
		})
		for n := range 4 { // more than are kept at once
			begin(guidOf(n + 1))
			complete(guidOf(n + 1))
		}
		synctest.Wait()
		if err := os.RemoveAll(tabs.downloads.files); err != nil {
			t.Fatal(err)
		}
		_ = tabs.conn.Close()
		synctest.Wait()
		close(ended)
		time.Sleep(time.Second)
		mu.Lock()
		away = false
		mu.Unlock()
		began := time.Now()
		tabs.conn.Wait()
		if took := time.Since(began); took > keepAtEnd+keepAfter {
			t.Errorf("it took %s", took)
		}
		want := map[string]string{guidOf(1): "kept", guidOf(2): "kept", guidOf(3): "kept", guidOf(4): CodeDownloadNotKept}
		if diff := cmp.Diff(want, kept); diff != "" {
			t.Error(diff)
		}
	})
}

// TestNothingIsRecordedWhenTheServerHasLeft: what it had begun to record is recorded, and
// noted as that before it leaves; the rest is the next server's.
func TestNothingIsRecordedWhenTheServerHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		goOn := make(chan struct{})
		tabs, tell, begin, _ := downloadTabs(t, func(_ context.Context, _ string, d *Download, _ io.Reader) error {
			told = append(told, d.id)
			<-goOn
			return nil
		})
		begin(guidOf(1))
		tell("", "Browser.downloadProgress", object{"guid": guidOf(1), "state": "canceled"})
		synctest.Wait()
		left := make(chan struct{})
		go func() {
			defer close(left)
			tabs.downloads.leave()
		}()
		synctest.Wait()
		begin(guidOf(2))
		tell("", "Browser.downloadProgress", object{"guid": guidOf(2), "state": "canceled"})
		synctest.Wait()
		select {
		case <-left:
			t.Error("it left before what it had begun was recorded")
		default:
		}
		close(goOn)
		<-left
		var n note
		tabs.downloads.noted(&n)
		_ = tabs.conn.Close()
		tabs.conn.Wait()
		if len(told) != 1 || len(n.Downloads) != 2 || !n.Downloads[0].Over || n.Downloads[1].Over || n.Downloads[1].Failure == nil {
			t.Errorf("recorded are %v, noted %+v", told, n.Downloads)
		}
	})
}

// TestAFailureIsRecordedWhenItCanBe: one that can't be at first is tried again.
func TestAFailureIsRecordedWhenItCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		tabs, tell, begin, _ := downloadTabs(t, func(context.Context, string, *Download, io.Reader) error {
			if tries++; tries < 4 {
				return errors.New("the store is away")
			}
			return nil
		})
		begin(guidOf(1))
		tell("", "Browser.downloadProgress", object{"guid": guidOf(1), "state": "canceled"})
		if one, err := tabs.Download(t.Context(), 0, nil); err != nil || one.Failure == nil || one.Failure.Code != CodeDownloadFailed || tries != 4 {
			t.Errorf("%+v after %d tries, %v", one, tries, err)
		}
	})
}

// TestAFileIsKeptAsLongAsItGetsFurther, and no longer.
func TestAFileIsKeptAsLongAsItGetsFurther(t *testing.T) {
	for _, pause := range []time.Duration{keepWithin * 3 / 4, keepWithin * 2} {
		synctest.Test(t, func(t *testing.T) {
			tabs, _, begin, complete := downloadTabs(t, func(ctx context.Context, _ string, d *Download, file io.Reader) error {
				if d.Failure == nil {
					in := bufio.NewScanner(iotest.OneByteReader(file))
					for in.Split(bufio.ScanBytes); in.Scan(); {
						select {
						case <-time.After(pause):
						case <-ctx.Done():
							return context.Cause(ctx)
						}
					}
					return in.Err()
				}
				return nil
			})
			begin(guidOf(1))
			complete(guidOf(1))
			one, err := tabs.Download(t.Context(), 0, nil)
			if slow := pause > keepWithin; err != nil || (one.Failure != nil) != slow || slow && one.Failure.Code != CodeDownloadNotKept {
				t.Errorf("a byte in %s: %+v, %v", pause, one, err)
			}
		})
	}
}

// TestDownloadsLeaveRoomOnTheDisk: more than the browser may have there are refused, not
// its end.
func TestDownloadsLeaveRoomOnTheDisk(t *testing.T) {
	goOn := make(chan struct{})
	told := make(chan string, 10)
	tabs, tell, begin, complete := downloadTabs(t, func(ctx context.Context, session string, d *Download, file io.Reader) error {
		if d.Failure == nil {
			<-goOn
			told <- d.id
			return nobodyKeeps(ctx, session, d, file)
		}
		told <- d.id + " " + d.Failure.Code
		return nil
	})
	tabs.downloads.disk = 1500
	progress := func(n int, total int64) {
		begin(guidOf(n))
		tell("", "Browser.downloadProgress", object{"guid": guidOf(n), "state": "inProgress", "receivedBytes": 1, "totalBytes": total})
	}
	progress(1, 800)
	progress(2, 800)
	if got := <-told; got != guidOf(2)+" "+CodeManyDownloads {
		t.Errorf("one for which there is no room: %s", got)
	}
	complete(guidOf(1)) // it lies there until it is kept
	progress(3, 800)
	if got := <-told; got != guidOf(3)+" "+CodeManyDownloads {
		t.Errorf("one beside what is not kept yet: %s", got)
	}
	close(goOn)
	if got := <-told; got != guidOf(1) {
		t.Errorf("the first: %s", got)
	}
	tabs.settled()
	progress(4, 800)
	tabs.settled()
	if len(told) != 0 {
		t.Errorf("one for which there is room again: %s", <-told)
	}
}
