package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/setting"
)

// maxFile is far more than a configuration needs.
const maxFile = 1 << 20

// Read reads a configuration and what its secrets name: files, and variables
// that env looks up. Its error holds all that is wrong, each an *Error.
func Read(path string, env func(string) (string, bool)) (*Config, error) {
	data, err := readFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return parse(path, folder, data, env)
}

// readFile reads a file that is no larger than limit.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: is larger than %d bytes", path, limit)
	}
	return data, nil
}

// cause is an error of the file system without the path, which its reader
// knows.
func cause(err error) error {
	if pe := new(os.PathError); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// A reader fills a Config.
type reader struct {
	setting.Decoder
	file, folder string
	env          func(string) (string, bool)
	notices      []string
}

func parse(path, folder string, data []byte, env func(string) (string, bool)) (*Config, error) {
	r := &reader{file: path, folder: folder, env: env}
	r.Path, r.Secret = r.path, r.secret
	cfg := Default()
	root, faults := document(data)
	if len(faults) > 0 {
		return nil, joined(path, faults)
	}
	if root != nil {
		r.Decode(root, cfg, "")
	}
	cfg.Tenant = strings.ToLower(cfg.Tenant) // as decode has it
	cfg.Data = setting.Path(r.path(string(cfg.Data)))
	r.Report("", cfg.Problems())
	if len(r.Faults) > 0 {
		return nil, joined(path, r.Faults)
	}
	for _, n := range cfg.unusual() {
		r.notice(r.Line(n.Key), n)
	}
	cfg.Notices = r.notices
	return cfg, nil
}

func (r *reader) notice(line int, p setting.Problem) {
	r.notices = append(r.notices, (&Error{r.file, setting.Fault{Line: line, Problem: p}}).Error())
}

// path makes a path relative to the folder of the configuration.
func (r *reader) path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(r.folder, p)
}

// maxSecret is more than any key or certificate needs.
const maxSecret = 256 << 10

// secret reads what a secret names. A file may end with a line break that is not
// part of it, because editors and echo write one.
func (r *reader) secret(s *setting.Secret, line int) *setting.Problem {
	if s.Env != "" {
		text, ok := r.env(s.Env)
		switch {
		case !ok:
			return &setting.Problem{What: fmt.Sprintf("the environment variable %s is not set", s.Env), Hint: "set it for the service"}
		case text == "":
			return &setting.Problem{What: fmt.Sprintf("the environment variable %s is empty", s.Env)}
		}
		s.Fill(text)
		return nil
	}
	data, err := readFile(s.File, maxSecret)
	if err != nil {
		hint := ""
		if errors.Is(err, os.ErrPermission) {
			hint = "let the user of the service read it"
		}
		return &setting.Problem{What: err.Error(), Hint: hint}
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return &setting.Problem{What: s.File + ": is empty"}
	}
	if info, err := os.Stat(s.File); err == nil && info.Mode().Perm()&0o004 != 0 && runtime.GOOS != "windows" {
		r.notice(line, setting.Problem{What: fmt.Sprintf("%s can be read by every user of the machine", s.File), Hint: "chmod o-rwx " + s.File})
	}
	s.Fill(text)
	return nil
}

// document returns the top of a file; nil if there is nothing in it.
func document(data []byte) (*yaml.Node, []setting.Fault) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, []setting.Fault{syntax(err)}
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		return nil, []setting.Fault{{Line: more.Line, Problem: setting.Problem{What: "the file holds more than one document", Hint: "keep one"}}}
	case !errors.Is(err, io.EOF):
		return nil, []setting.Fault{syntax(err)}
	}
	return doc.Content[0], nil
}

var atLine = regexp.MustCompile(`^line (\d+): `)

// syntax tells where text is not YAML. The reader does not name the first line.
func syntax(err error) setting.Fault {
	f := setting.Fault{Line: 1, Problem: setting.Problem{What: strings.TrimPrefix(err.Error(), "yaml: ")}}
	if m := atLine.FindStringSubmatch(f.What); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		f.What = f.What[len(m[0]):]
	}
	switch {
	case strings.Contains(f.What, "cannot start any token"):
		f.Hint = "indent with blanks, and quote values that begin with @, % or `"
	case strings.Contains(f.What, "expected alphabetic or numeric"), strings.Contains(f.What, "unknown anchor"):
		f.Hint = "quote values that begin with * or &"
	}
	return f
}
