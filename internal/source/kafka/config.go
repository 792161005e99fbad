package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// Config is the section of a source that reads Event Hubs or Kafka.
type Config struct {
	// ConnectionString is that of a shared access policy with the claim Listen,
	// of an Event Hubs namespace or of one event hub. It says where the brokers
	// are, and names the topic if it is of one event hub.
	ConnectionString setting.Secret `yaml:"connection_string"`
	// Brokers are where to connect to first, as host:port. Of Event Hubs it is
	// NAMESPACE.servicebus.windows.net:9093.
	Brokers []string `yaml:"brokers"`
	// Topics are the names of topics or event hubs; * stands for any characters.
	Topics []string `yaml:"topics"`
	// Group is the consumer group. Nodes with the same group share the work.
	Group string `yaml:"group"`
	// Entra signs in to Event Hubs with Microsoft Entra ID, in place of a
	// connection string (SASL OAUTHBEARER).
	Entra azure.Auth `yaml:"entra"`
	// User and Password sign in to Kafka (SASL PLAIN).
	User     string         `yaml:"user"`
	Password setting.Secret `yaml:"password"`
	// TLS is how the connection is secured.
	TLS TLS `yaml:"tls"`
}

// TLS is how connections to brokers are secured. As it is, brokers must have a
// certificate that the system trusts.
type TLS struct {
	// Off connects without TLS.
	Off bool `yaml:"off"`
	// CA holds the certificates, in PEM, of who signed those of the brokers.
	CA setting.Secret `yaml:"ca"`
	// Certificate and Key, in PEM, show the brokers who connects.
	Certificate setting.Secret `yaml:"certificate"`
	Key         setting.Secret `yaml:"key"`
}

// Default returns a section in which only what has no default is missing.
func Default() *Config { return &Config{Group: "entrawatch"} }

const eventHubsPort = "9093"

// Problems lists what is wrong with the values.
func (c *Config) Problems() []setting.Problem {
	var out []setting.Problem
	wrong := func(key, what, hint string) { out = append(out, setting.Problem{Key: key, What: what, Hint: hint}) }

	ways := 0
	for _, used := range []bool{c.ConnectionString.Configured(), c.Entra.Configured(), c.User != "" || c.Password.Configured()} {
		if used {
			ways++
		}
	}
	if ways > 1 {
		wrong("connection_string", "there is more than one way to sign in", "keep one of connection_string, entra, and user with password")
	}
	var parsed connection
	if text := c.ConnectionString.Text(); text != "" {
		var err error
		if parsed, err = parseConnection(text); err != nil {
			wrong("connection_string", err.Error(), "copy it from Shared access policies of the namespace: Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…")
		}
	}
	switch {
	case c.ConnectionString.Configured() && len(c.Brokers) > 0:
		wrong("brokers", "the connection string says where the brokers are", "remove brokers")
	case !c.ConnectionString.Configured() && len(c.Brokers) == 0:
		wrong("brokers", "is missing", "write host:port, or give connection_string")
	}
	for i, b := range c.Brokers {
		if host, port, err := net.SplitHostPort(b); err != nil || host == "" || port == "" {
			wrong(fmt.Sprintf("brokers[%d]", i), fmt.Sprintf("%q is not host:port", b), "write the port as well; of Event Hubs it is "+eventHubsPort)
		}
	}
	if len(c.Topics) == 0 && parsed.topic == "" {
		wrong("topics", "is missing", `name topics or event hubs, such as "insights-logs-*"`)
	}
	for i, t := range c.Topics {
		if !legalTopic.MatchString(t) {
			wrong(fmt.Sprintf("topics[%d]", i), fmt.Sprintf("%q cannot be the name of a topic", t), "letters, digits, dots, underscores and hyphens; * stands for any of them")
		}
	}
	if c.Group == "" {
		wrong("group", "is empty", "leave it out for entrawatch")
	}
	if (c.User != "") != c.Password.Configured() {
		wrong("user", "user and password go together", "give both or neither")
	}
	if c.Entra.Configured() {
		out = append(out, c.Entra.Problems()...)
	}
	return append(out, c.TLS.problems(ways > 0 && c.User == "")...)
}

// legalTopic is what Kafka allows, and *.
var legalTopic = regexp.MustCompile(`^[A-Za-z0-9._*-]{1,249}$`)

func (t TLS) problems(eventHubs bool) []setting.Problem {
	var out []setting.Problem
	wrong := func(key, what, hint string) {
		out = append(out, setting.Problem{Key: "tls." + key, What: what, Hint: hint})
	}
	if t.Off && eventHubs {
		wrong("off", "Event Hubs accepts nothing without TLS", "remove it")
	}
	if t.Off && (t.CA.Configured() || t.Certificate.Configured() || t.Key.Configured()) {
		wrong("off", "certificates are of no use without TLS", "remove either")
	}
	if t.Certificate.Configured() != t.Key.Configured() {
		wrong("certificate", "certificate and key go together", "give both or neither")
	}
	if t.CA.Text() != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(t.CA.Text())) {
		wrong("ca", "holds no certificate in PEM", "it begins with -----BEGIN CERTIFICATE-----")
	}
	if t.Certificate.Text() != "" && t.Key.Text() != "" {
		if _, err := tls.X509KeyPair([]byte(t.Certificate.Text()), []byte(t.Key.Text())); err != nil {
			wrong("certificate", "certificate and key do not fit together: "+err.Error(), "give both in PEM")
		}
	}
	return out
}

// config returns nil for no TLS.
func (t TLS) config() (*tls.Config, error) {
	if t.Off {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA.Configured() {
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM([]byte(t.CA.Text())) {
			return nil, fmt.Errorf("tls.ca holds no certificate")
		}
	}
	if t.Certificate.Configured() {
		pair, err := tls.X509KeyPair([]byte(t.Certificate.Text()), []byte(t.Key.Text()))
		if err != nil {
			return nil, fmt.Errorf("tls.certificate: %w", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

// checkEnd looks at how long the certificate that is shown to brokers is valid.
func (t TLS) checkEnd(now time.Time) []source.Check {
	if !t.Certificate.Configured() {
		return nil
	}
	c := source.Check{What: "tls.certificate"}
	pair, err := tls.X509KeyPair([]byte(t.Certificate.Text()), []byte(t.Key.Text()))
	if err == nil {
		var leaf *x509.Certificate
		if leaf, err = x509.ParseCertificate(pair.Certificate[0]); err == nil {
			return []source.Check{source.CheckEnd(c.What, leaf.NotAfter, now, "have a new one signed, and put it where tls.certificate says")}
		}
	}
	c.Problem = err
	return []source.Check{c}
}

// A connection is what a connection string of Event Hubs says.
type connection struct {
	host  string
	topic string // "" = it is of the whole namespace
}

// parseConnection never repeats the string in its error: it holds a key.
func parseConnection(text string) (connection, error) {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimSpace(text), ";") {
		if key, value, ok := strings.Cut(part, "="); ok {
			parts[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	u, err := url.Parse(parts["endpoint"])
	switch {
	case parts["endpoint"] == "" || err != nil || u.Hostname() == "":
		return connection{}, fmt.Errorf("there is no Endpoint=sb://NAMESPACE… in it")
	case parts["sharedaccesskeyname"] == "" || parts["sharedaccesskey"] == "":
		return connection{}, fmt.Errorf("there is no SharedAccessKeyName or no SharedAccessKey in it")
	}
	return connection{host: u.Hostname(), topic: parts["entitypath"]}, nil
}
