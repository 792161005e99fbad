// Package setting is what sections of the configuration are made of. Each
// source, store and outlet owns the type of its section, a struct with yaml tags
// whose comments are its reference; config reads all of them the same strict
// way and fills in secrets.
package setting

// A Problem is what is wrong with a value in a section.
type Problem struct {
	Key  string // path of the value within the section: "auth.tenant"
	What string // what is wrong, and what was expected
	Hint string // what to do
}

// A Section is the type of a section.
type Section interface {
	// Problems lists what is wrong with the values, all at once.
	Problems() []Problem
}

// A Secret is a text that is never shown. In the configuration it is one of
// {file: path} and {env: NAME}; config reads what is there.
type Secret struct {
	File string `yaml:"file"`
	Env  string `yaml:"env"`
	text string
}

// NewSecret returns a secret with a text.
func NewSecret(text string) Secret { return Secret{text: text} }

// Text is the secret itself; "" if none is configured.
func (s Secret) Text() string { return s.text }

// Configured reports whether the configuration names the secret.
func (s Secret) Configured() bool { return s.File != "" || s.Env != "" || s.text != "" }

// String hides the secret, also in %v and %+v.
func (s Secret) String() string { return "<secret>" }

// GoString hides the secret in %#v.
func (s Secret) GoString() string { return "<secret>" }

// MarshalText hides the secret in JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte("<secret>"), nil }
