package browser

import (
	"encoding/base64"
	"encoding/json"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// Picture is one of a screencast's: a JPEG of what is in view, which is so large in
// CSS pixels.
type Picture struct {
	JPEG          []byte
	Width, Height float64
}

// screencastQuality is that of the JPEGs, of 100.
const screencastQuality = 80

// Screencast has the browser take a picture whenever the page has changed, until
// stop is called, and calls show with each on the goroutine that reads the wire,
// which must not wait. Of several screencasts of a page the first to stop ends all:
// who has many viewers shares one. Neither call waits for the browser; the error is
// of a wire that takes nothing more.
func (p *Page) Screencast(show func(Picture)) (stop func() error, err error) {
	silence := p.Conn.Listen(p.ID, func(e cdp.Event) {
		if picture, ok := p.screencastFrame(e); ok {
			show(picture)
		}
	}, "Page.screencastFrame")
	_, err = p.Send("Page.startScreencast", object{"format": "jpeg", "quality": screencastQuality, "everyNthFrame": 1})
	return func() error {
		silence()
		_, err := p.Send("Page.stopScreencast", nil)
		return err
	}, err
}

// screencastFrame takes a picture off the wire. It is acknowledged at once: Chromium
// sends the next only then.
func (p *Page) screencastFrame(e cdp.Event) (picture Picture, ok bool) {
	var f struct {
		Data      string `json:"data"`
		SessionID int64  `json:"sessionId"`
		Metadata  struct {
			Width  float64 `json:"deviceWidth"`
			Height float64 `json:"deviceHeight"`
		} `json:"metadata"`
	}
	if json.Unmarshal(e.Params, &f) != nil {
		return picture, false
	}
	_, _ = p.Send("Page.screencastFrameAck", object{"sessionId": f.SessionID})
	jpeg, err := base64.StdEncoding.DecodeString(f.Data)
	return Picture{jpeg, f.Metadata.Width, f.Metadata.Height}, err == nil
}
