// Package webhook posts alerts to an address, as JSON, signed. The receiver can
// tell by the signature that they come from here, and by their id which it has
// already: docs/outlets.md shows both. Nothing but the configured host is ever
// asked.
package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// A Config says where alerts are posted, and how they are signed.
type Config struct {
	// URL is the address that alerts are posted to: https, or http on this
	// machine. One with a query or a password is a secret.
	URL setting.URL `yaml:"url"`
	// Secrets are one or two texts that the receiver shares, at least 16 bytes
	// long. Each signs every request; to change one, add the new, let the receiver
	// know it, and remove the old.
	Secrets []setting.Secret `yaml:"secrets"`
	// CA is a file with the certificates (PEM) of the authorities that may vouch
	// for the receiver, instead of those that the system trusts.
	CA setting.Path `yaml:"ca"`
	// Timeout is how long a request may take, from connecting to the end of the
	// answer.
	Timeout time.Duration `yaml:"timeout"`
}

// Default is the section as it is without keys.
func Default() *Config { return &Config{Timeout: 10 * time.Second} }

var _ notify.Config = (*Config)(nil)

const minSecret = 16

// Problems lists what is wrong with the values.
func (c *Config) Problems() []setting.Problem {
	var out []setting.Problem
	add := func(key, what, hint string) { out = append(out, setting.Problem{Key: key, What: what, Hint: hint}) }
	if !c.URL.Configured() {
		add("url", "is missing", "write the address that alerts are posted to")
	} else if c.URL.Text() != "" { // else the secret could not be read
		c.checkURL(add)
	}
	switch len(c.Secrets) {
	case 0:
		add("secrets", "is missing: requests without a signature could come from anybody", "write one, such as [{file: webhook-secret}]; \"openssl rand -hex 32\" makes one")
	case 1, 2:
	default:
		add("secrets", fmt.Sprintf("are %d; requests are signed with at most two, the old and the new", len(c.Secrets)), "")
	}
	for i, s := range c.Secrets {
		if n := len(s.Text()); n > 0 && n < minSecret {
			add(fmt.Sprintf("secrets[%d]", i), fmt.Sprintf("is %d bytes long, which can be guessed; at least %d are needed", n, minSecret), "\"openssl rand -hex 32\" makes one")
		}
	}
	if c.CA != "" {
		if _, err := c.roots(); err != nil {
			add("ca", err.Error(), "")
		}
	}
	if c.Timeout < time.Second || c.Timeout > 5*time.Minute {
		add("timeout", setting.FormatSpan(c.Timeout)+" is not from 1s to 5m", "")
	}
	return out
}

func (c *Config) checkURL(add func(key, what, hint string)) {
	u, ok := c.URL.Parse()
	switch {
	case !ok:
		add("url", "is not an address", "write it like https://host/path")
	case u.Scheme == "http" && !onThisMachine(u):
		add("url", "is not encrypted: alerts name people, and what is weak about their accounts", "use https; ca names an authority of your own")
	case u.Scheme != "https" && u.Scheme != "http":
		add("url", fmt.Sprintf("begins with %q", u.Scheme+"://"), "write it like https://host/path")
	case u.Fragment != "":
		add("url", "has a fragment (#…), which is never sent", "remove it")
	}
}

func onThisMachine(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
}

// roots reads the certificates of CA; nil = those of the system.
func (c *Config) roots() (*x509.CertPool, error) {
	if c.CA == "" {
		return nil, nil
	}
	data, err := os.ReadFile(string(c.CA))
	if err != nil {
		if pe := new(os.PathError); errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("%s: %w", c.CA, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s: holds no certificate in PEM", c.CA)
	}
	return pool, nil
}

// Open returns the outlet.
func (c *Config) Open(io.Writer) (notify.Sink, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	s := &Sink{url: c.URL, now: time.Now}
	for _, secret := range c.Secrets {
		s.secrets = append(s.secrets, []byte(secret.Text()))
	}
	s.hidden = hide(c.URL, s.secrets)
	s.client = &http.Client{
		Timeout: c.Timeout,
		Transport: &http.Transport{
			// No proxy: no host is asked that the configuration does not name.
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: s.redirect,
	}
	return s, nil
}
