package config

import _ "embed"

// internal/reference writes the file from the types and their comments.
//
//go:embed starting.yaml
var starting []byte

// Starting is a configuration to begin with, in which every key is explained.
func Starting() []byte { return starting }
