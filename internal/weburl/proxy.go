package weburl

import (
	"errors"
	"net/url"
	"strconv"
)

// Proxy reads the URL of a proxy: http://, https:// or socks5://, perhaps a user and
// a password, a host and a port. An error says what is wrong with it, to go on after
// its name, without quoting it: it may hold a password.
func Proxy(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("is not a URL such as http://user:password@proxy.example:3128; write %40 for @ and %2F for / in a password")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5":
		return nil, errors.New("must begin with http://, https:// or socks5://")
	case u.Hostname() == "":
		return nil, errHost
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must be only scheme, user, password, host and port")
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
		return nil, errors.New("needs a port from 1 to 65535")
	}
	if password, _ := u.User.Password(); u.Scheme == "socks5" && u.User != nil && (u.User.Username() == "" || len(u.User.Username()) > 255 || len(password) > 255) {
		return nil, errors.New("is a SOCKS5 proxy, which takes a user and a password of up to 255 bytes")
	}
	return u, nil
}
