// Command invoice has the server print invoices of the shop, and keeps each PDF when a
// webhook says that it is there.
//
//	go run ./invoice 1042 1057
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/client/webhook"
)

var (
	shop   = cmp.Or(os.Getenv("SHOP"), "http://127.0.0.1:8081")
	listen = cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:9000")
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, numbers []string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	client, err := browserhook.New(browserhook.Options{})
	if err != nil {
		return err
	}

	// The receiver is there before anything is sent. It takes what is signed with the
	// secret, which a program that runs for long has in its settings.
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(rand.Text()))
	told := make(chan string, len(numbers))
	hook, err := webhook.NewHandler(func(ctx context.Context, e webhook.Event) error {
		text, err := outcome(ctx, client, e)
		if err == nil && text != "" {
			told <- text
		}
		return err // the server sends the event again
	}, secret)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen) //nolint:noctx // loopback answers at once
	if err != nil {
		return err
	}
	server := &http.Server{Handler: hook, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // until the program ends

	// Nobody waits for the steps: they run, and the webhook tells what became of them.
	for _, number := range numbers {
		heading := browserhook.Assert("h1")
		heading.Text, heading.Timeout = new("Invoice "+number), "2s"
		if _, err := client.Sessions.Create(ctx, browserhook.CreateSessionRequest{
			URL:      shop + "/invoices/" + number,
			Steps:    []browserhook.Step{heading, browserhook.PDF()},
			Webhook:  &browserhook.SessionWebhook{URL: "http://" + listen, Events: []string{"step_completed", "step_failed"}, Secret: secret},
			Metadata: map[string]string{"invoice": number},
		}); err != nil {
			return err
		}
	}
	for range numbers {
		select {
		case text := <-told:
			log.Print(text)
		case <-ctx.Done():
			return errors.New("no webhook has come for too long: does the server reach " + listen + "?")
		}
	}
	return server.Shutdown(ctx) // once the last webhook is answered
}

// outcome is what an event says of its invoice, if that is decided, and keeps the PDF.
func outcome(ctx context.Context, client *browserhook.Client, e webhook.Event) (string, error) {
	number, session := e.Metadata["invoice"], client.Session(e.SessionID)
	switch {
	case e.Data.EventType == "step_failed":
		return fmt.Sprintf("%s: %s", number, e.Data.Error.Message), session.Close(ctx)
	case e.Data.Action == "pdf":
		var pdf browserhook.ArtifactResult
		if err := json.Unmarshal(e.Data.Result, &pdf); err != nil {
			return "", err
		}
		name := "invoice-" + number + ".pdf"
		if err := fetch(ctx, session, pdf.ArtifactID, name); err != nil {
			return "", err
		}
		return number + ": " + name, session.Close(ctx)
	}
	return "", nil
}

func fetch(ctx context.Context, session *browserhook.Session, artifact, name string) error {
	pdf, err := session.Artifact(ctx, artifact)
	if err != nil {
		return err
	}
	defer pdf.Close()
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, pdf); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
