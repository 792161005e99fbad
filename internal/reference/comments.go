package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/entrawatch/entrawatch/internal/setting"
)

const modulePath = "github.com/entrawatch/entrawatch/"

// comments finds what the source says of types and fields. It runs where the
// source is: in this folder, or at the top of the tree.
type comments struct {
	types map[string]map[string]*ast.TypeSpec // by package and name
}

// ofType is the comment of a type in one line.
func (c *comments) ofType(t reflect.Type) (string, error) {
	spec, err := c.find(t)
	if err != nil {
		return "", err
	}
	return oneLine(spec.Doc), nil
}

// ofField is the comment of a field in one line. Each has one: it is the
// reference.
func (c *comments) ofField(f setting.Field) (string, error) {
	spec, err := c.find(f.Owner)
	if err != nil {
		return "", err
	}
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return "", fmt.Errorf("%s is not a struct in the source", f.Owner)
	}
	before := "" // the comment above, which may be about two fields
	for _, field := range fields.Fields.List {
		text := oneLine(field.Doc)
		if text == "" {
			text = oneLine(field.Comment)
		}
		for _, name := range field.Names {
			switch {
			case name.Name != f.Go:
			case text != "":
				return text, nil
			case strings.Contains(before, name.Name):
				return before, nil
			}
		}
		if text != "" {
			before = text
		}
	}
	return "", fmt.Errorf("%s.%s has no comment, which would be its reference", f.Owner, f.Go)
}

func oneLine(g *ast.CommentGroup) string { return strings.Join(strings.Fields(g.Text()), " ") }

func (c *comments) find(t reflect.Type) (*ast.TypeSpec, error) {
	pkg := t.PkgPath()
	if c.types == nil {
		c.types = map[string]map[string]*ast.TypeSpec{}
	}
	if c.types[pkg] == nil {
		found, err := typesOf(pkg)
		if err != nil {
			return nil, err
		}
		c.types[pkg] = found
	}
	spec := c.types[pkg][t.Name()]
	if spec == nil {
		return nil, fmt.Errorf("no type %s in the source of %s", t.Name(), pkg)
	}
	return spec, nil
}

// typesOf parses a package of this module.
func typesOf(pkg string) (map[string]*ast.TypeSpec, error) {
	dir, ok := strings.CutPrefix(pkg, modulePath)
	if !ok {
		return nil, fmt.Errorf("%s is not of this module", pkg)
	}
	top := "."
	if _, err := os.Stat("go.mod"); err != nil {
		top = filepath.Join("..", "..")
	}
	files, err := filepath.Glob(filepath.Join(top, filepath.FromSlash(dir), "*.go"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no source found", pkg)
	}
	out := map[string]*ast.TypeSpec{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				spec := s.(*ast.TypeSpec)
				if spec.Doc == nil {
					spec.Doc = g.Doc
				}
				out[spec.Name.Name] = spec
			}
		}
	}
	return out, nil
}
