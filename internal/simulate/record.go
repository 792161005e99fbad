package simulate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Record is one log entry or directory object in canonical shape (see the
// package comment). Fields holds only what encoding/json produces with
// UseNumber: map[string]any, []any, string, json.Number, bool and nil.
type Record struct {
	Kind   event.Kind
	Sub    event.Sub // of sign-ins; else event.SubNone
	Tenant string    // GUID of the Entra tenant
	Fields map[string]any
}

// Clone returns a copy that shares nothing with r.
func (r Record) Clone() Record {
	r.Fields = clone(r.Fields).(map[string]any)
	return r
}

// Get returns the value at path, which is written as for Set.
func (r Record) Get(path string) (value any, ok bool) {
	value = r.Fields
	for _, seg := range splitPath(path) {
		switch at := value.(type) {
		case map[string]any:
			if value, ok = at[seg]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(seg)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			value = at[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// Set writes value at a dotted path such as "targetResources.0.displayName". A
// segment is a key, or an index into an array; the index equal to the array's
// length appends. A dot that belongs to a key is written `\.`. Objects that are
// missing or null on the way are created. Set changes r in place; the value
// itself may be anything that encoding/json can encode, and is copied.
func (r Record) Set(path string, value any) error {
	value, err := canonical(value)
	if err != nil {
		return fmt.Errorf("set %s: %w", path, err)
	}
	if _, err := edit(r.Fields, splitPath(path), func(any) any { return value }); err != nil {
		return fmt.Errorf("set %s: %w", path, err)
	}
	return nil
}

// Delete removes the key or element at path. A path that leads nowhere is an
// error, since it is most likely mistyped.
func (r Record) Delete(path string) error {
	if _, ok := r.Get(path); !ok {
		return fmt.Errorf("delete %s: no such field", path)
	}
	segs := splitPath(path)
	last := segs[len(segs)-1]
	remove := func(v any) any {
		switch at := v.(type) {
		case map[string]any:
			delete(at, last)
		case []any:
			i, _ := strconv.Atoi(last)
			return slices.Delete(at, i, i+1)
		}
		return v
	}
	_, err := edit(r.Fields, segs[:len(segs)-1], remove)
	return err
}

// edit replaces what lies at segs below v by what change makes of it and
// returns the new v.
func edit(v any, segs []string, change func(any) any) (any, error) {
	if len(segs) == 0 {
		return change(v), nil
	}
	var err error
	switch at := v.(type) {
	case nil:
		return edit(map[string]any{}, segs, change)
	case map[string]any:
		at[segs[0]], err = edit(at[segs[0]], segs[1:], change)
		return at, err
	case []any:
		i, convErr := strconv.Atoi(segs[0])
		if convErr != nil || i < 0 || i > len(at) {
			return v, fmt.Errorf("no index %q in an array of %d", segs[0], len(at))
		}
		if i == len(at) {
			at = append(at, nil)
		}
		at[i], err = edit(at[i], segs[1:], change)
		return at, err
	}
	return v, fmt.Errorf("%q lies below a %T", segs[0], v)
}

func splitPath(path string) []string {
	if !strings.Contains(path, `\`) {
		return strings.Split(path, ".")
	}
	segs := strings.Split(strings.ReplaceAll(path, `\.`, "\x00"), ".")
	for i, s := range segs {
		segs[i] = strings.ReplaceAll(s, "\x00", ".")
	}
	return segs
}

// canonical returns v as encoding/json would read it back.
func canonical(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return parseJSON(string(raw))
}

// parseJSON reads one JSON value, keeping numbers as they are written.
func parseJSON(s string) (v any, err error) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, fmt.Errorf("text after the JSON value")
	}
	return v, nil
}

func clone(v any) any {
	switch at := v.(type) {
	case map[string]any:
		at = maps.Clone(at)
		for k, e := range at {
			at[k] = clone(e)
		}
		return at
	case []any:
		at = slices.Clone(at)
		for i, e := range at {
			at[i] = clone(e)
		}
		return at
	}
	return v
}
