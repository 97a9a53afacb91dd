package egresstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"time"
)

// The certificates of the receivers.
var (
	good     = once("127.0.0.1", time.Hour)
	expired  = once("127.0.0.1", -time.Hour)
	future   = once("127.0.0.1", 48*time.Hour) // each is valid for a day
	other    = once("127.0.0.9", time.Hour)
	stranger = once("127.0.0.1", time.Hour) // not among the roots
)

// Roots are what a client must trust for the receivers whose certificates are
// not bad for want of that.
func Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range []func() tls.Certificate{good, expired, future, other} {
		pool.AddCert(c().Leaf)
	}
	return pool
}

func once(ip string, left time.Duration) func() tls.Certificate {
	return sync.OnceValue(func() tls.Certificate { return certificate(ip, time.Now().Add(left)) })
}

func certificate(ip string, until time.Time) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.ParseIP(ip)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		panic(err) // the template is ours
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err) // it was just made
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
