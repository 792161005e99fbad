package setting

import (
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Fill sets the text of a secret; File and Env stay.
func (s *Secret) Fill(text string) { s.text = text }

var (
	envName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	secretHint = "write {file: PATH} or {env: NAME}"
)

// ReadSetting reads where the secret is. No message shows what stands there
// instead: it may be the secret.
func (s *Secret) ReadSetting(d *Decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && !empty(n):
		d.Fail(n, path, secretHint, "is a secret and must not stand in the configuration, which is read, copied and kept by many")
		return
	case n.Kind != yaml.MappingNode:
		d.want(n, nil, path, "where the secret is", secretHint)
		return
	}
	before, keys := len(d.Faults), 0
	d.Keys(n, path, nil, func(name string, kn, vn *yaml.Node, path string) {
		keys++
		switch name {
		case "file":
			var file Path
			file.ReadSetting(d, vn, path)
			s.File = string(file)
		case "env":
			text, ok := d.Text(vn, path)
			if ok && !envName.MatchString(text) {
				d.Fail(vn, path, "write the name of a variable, of letters, digits and _", "is not the name of an environment variable")
			}
			s.Env = text
		default: // without its name: somebody may have put the secret in braces
			d.Fail(kn, strings.TrimSuffix(path, "."+shown(name)), secretHint, "has a key other than file and env")
		}
	})
	switch {
	case len(d.Faults) > before:
	case keys != 1:
		d.Fail(n, path, secretHint, "want one of file and env")
	case d.Secret != nil:
		if p := d.Secret(s, n.Line); p != nil {
			d.Fail(n, path, p.Hint, "%s", p.What)
		}
	}
}

// WriteSetting writes where the secret is, never what it is.
func (s Secret) WriteSetting() *yaml.Node {
	switch {
	case s.File != "":
		return flow("file", s.File)
	case s.Env != "":
		return flow("env", s.Env)
	case s.text != "":
		return textNode(s.String())
	}
	return nil
}

// A URL is an address that may hold what nobody should see, in its query or even
// its path. In the configuration it is a text or a secret.
type URL struct {
	Secret
	text string // as the configuration shows it
}

// PlainURL returns an address that is no secret.
func PlainURL(text string) URL { return URL{text: text} }

// Text is the whole address; "" if none is configured.
func (u URL) Text() string {
	if u.text != "" {
		return u.text
	}
	return u.Secret.Text()
}

// Configured reports whether there is an address.
func (u URL) Configured() bool { return u.text != "" || u.Secret.Configured() }

// Parse reads the address. Its error does not show it.
func (u URL) Parse() (*url.URL, bool) {
	parsed, err := url.Parse(u.Text())
	return parsed, err == nil && parsed.Host != ""
}

// String is the address without what may be secret: user, password, query and,
// if the address came as a secret, the path.
func (u URL) String() string {
	parsed, ok := u.Parse()
	if !ok {
		return "<address>"
	}
	parsed.User, parsed.Fragment, parsed.RawFragment = nil, "", ""
	query := parsed.RawQuery != ""
	parsed.RawQuery, parsed.ForceQuery = "", false
	if u.text == "" {
		return parsed.Scheme + "://" + parsed.Host + "/…"
	}
	if query {
		return parsed.String() + "?…"
	}
	return parsed.String()
}

// GoString hides what may be secret in %#v.
func (u URL) GoString() string { return u.String() }

// MarshalText hides what may be secret in JSON and YAML.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// ReadSetting reads a text or a secret.
func (u *URL) ReadSetting(d *Decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.MappingNode {
		u.text = ""
		u.Secret.ReadSetting(d, n, path)
		return
	}
	text, ok := d.plain(n, nil, path)
	if !ok {
		return
	}
	u.Secret, u.text = Secret{}, text
	parsed, ok := u.Parse()
	switch hint := "keep it in a file or a variable: " + secretHint; {
	case !ok:
		d.Fail(n, path, "write it like https://host/path", "is not an address")
	case parsed.User != nil:
		d.Fail(n, path, hint, "an address with a user or password in it is a secret and must not stand in the configuration")
	case parsed.RawQuery != "":
		d.Fail(n, path, hint, "an address with a query (?…) may be a secret and must not stand in the configuration")
	}
}

// WriteSetting writes the address, or where it is.
func (u URL) WriteSetting() *yaml.Node {
	if u.text != "" {
		return textNode(u.String())
	}
	return u.Secret.WriteSetting()
}
