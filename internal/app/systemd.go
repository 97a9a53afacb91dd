package app

import (
	"net"
	"os"
)

// notifier tells systemd, in a unit with Type=notify, what has become of the server.
type notifier struct{ socket string }

// newNotifier takes the socket out of the environment: it is for nobody whom the server
// starts.
func newNotifier() notifier {
	defer os.Unsetenv("NOTIFY_SOCKET")
	return notifier{os.Getenv("NOTIFY_SOCKET")}
}

// ready says that requests are answered.
func (n notifier) ready() error {
	if n.socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: n.socket})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte("READY=1"))
	return err
}
