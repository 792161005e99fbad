package baseline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Baseline is a baseline file, checked. The zero value is an empty file: only
// built-in values are set.
type Baseline struct {
	set     scope
	tenants []Tenant
}

// Parse reads a baseline. It is strict, and reports all errors at once: the
// result then is nil and the error joins one *Error for each. The name of the
// file is used in errors only; readFile reads the files that lists refer to as
// "@name" and may be nil.
func Parse(file string, data []byte, readFile func(name string) ([]byte, error)) (*Baseline, error) {
	p := &parser{file: file, readFile: readFile, cat: newCatalogue()}
	b := &Baseline{set: scope{}}
	if root := p.document(data); root != nil {
		b.set = p.inputs(root, "", false)
		b.tenants, _ = b.set["tenants"].val.([]Tenant)
		p.check(b)
	}
	if len(p.errs) > 0 {
		return nil, joinErrors(file, p.errs)
	}
	return b, nil
}

// document returns the root of the only YAML document, or nil if there is none.
func (p *parser) document(data []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		p.syntax(data, err)
		return nil
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		p.failNode(&more, "", "keep one", "the file holds more than one document")
	case !errors.Is(err, io.EOF):
		p.syntax(data, err)
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == nullTag || root.Kind == yaml.MappingNode && len(root.Content) == 0 {
		return nil
	}
	return root
}

// syntax reports an error of the YAML reader, with a hint for the usual ones.
func (p *parser) syntax(data []byte, err error) {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	at := place{file: p.file, line: 1} // the reader does not name the first line
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(msg); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
	}
	hint := ""
	if m := regexp.MustCompile(`^unknown anchor '(.*)' referenced$`).FindStringSubmatch(msg); m != nil {
		mark := "*" + m[1]
		if i := bytes.Index(data, []byte(mark)); i >= 0 {
			at.line = 1 + bytes.Count(data[:i], []byte("\n"))
		}
		msg, hint = fmt.Sprintf("%s is not quoted", mark), fmt.Sprintf("write %q", mark)
	}
	switch {
	case strings.Contains(msg, "cannot start any token"):
		hint = "quote values that begin with @, %, ` or a tab"
	case strings.Contains(msg, "expected alphabetic or numeric"):
		hint = "quote values that begin with * or &"
	}
	p.fail(at, hint, "%s", msg)
}

// HomeTenantID returns the organisation's own tenant, or "".
func (b *Baseline) HomeTenantID() string {
	id, _ := b.set["home_tenant_id"].val.(tenantID)
	return string(id)
}

// Tenants returns the tenants that the file names, with their kinds, in its order.
func (b *Baseline) Tenants() []Tenant {
	out := make([]Tenant, 0, len(b.tenants))
	seen := map[string]bool{}
	for _, t := range b.tenants {
		seen[t.ID] = true
		out = append(out, Tenant{ID: t.ID, Name: t.Name, Kind: b.kind(t.ID)})
	}
	b2c, _ := b.set["b2c_tenants"].val.([]item)
	for _, id := range append([]item{{text: b.HomeTenantID()}}, b2c...) {
		if id.text != "" && !seen[id.text] {
			seen[id.text] = true
			out = append(out, Tenant{ID: id.text, Kind: b.kind(id.text)})
		}
	}
	return out
}

// kind returns the kind of a tenant: what its entry says, else whether it is
// among the B2C tenants.
func (b *Baseline) kind(id string) string {
	for _, t := range b.tenants {
		if t.ID == id && t.Kind != "" {
			return t.Kind
		}
	}
	b2c, _ := b.set["b2c_tenants"].val.([]item)
	for _, it := range b2c {
		if it.text == id {
			return B2C
		}
	}
	return Workforce
}
