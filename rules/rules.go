// Package rules holds the built-in detection rules and their tests, one pair
// of files a rule: area/slug.yml and area/slug_test.yml.
package rules

import "embed"

// FS holds the rules as they stand in the repository.
//
//go:embed */*.yml
var FS embed.FS
