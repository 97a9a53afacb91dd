// Chromedp drives a session over its connectUrl, for test/e2e: it goes to a page,
// types, clicks, reads what came of it and takes a picture. A module of its own, so
// that browserhook doesn't depend on chromedp.
//
// usage: chromedp <connectUrl> <site>
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
)

func main() {
	log.SetFlags(0)
	if err := drive(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func drive(address, site string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ctx, leave := remote.NewAllocator(ctx, address, remote.NoModifyURL)
	defer leave()
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	if err := chromedp.Do(ctx,
		chromedp.Navigate(site+"/page"),
		chromedp.SendKeys("#name", "chromedp"),
		chromedp.Click("#go"),
	); err != nil {
		return err
	}
	said, err := chromedp.Run(ctx, chromedp.Text("#out"))
	if err != nil {
		return err
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	fmt.Println(said, string(picture[1:4]))
	return nil
}
