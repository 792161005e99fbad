package simulate

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Tenant is the id of contoso.com, in which all base records take place.
const Tenant = "cdde9459-3fcf-5c03-8f51-18565ab1ad3e"

// The base records, one file each. They happen on Monday 2026-11-02 between
// 02:00 and 16:00 UTC, on whole seconds where their log allows. Writers put keys
// in the order in which these files first have them, the sign-in's before others.
//
//go:embed base/*.json
var baseFiles embed.FS

// Base returns a copy of the base record with that name: a complete, realistic
// entry with a fixed id and time, for the caller to change.
func Base(name string) (Record, bool) {
	r, ok := bases().records[name]
	if !ok {
		return Record{}, false
	}
	return r.Clone(), true
}

// BaseNames lists the names that Base knows, sorted.
func BaseNames() []string {
	return slices.Clone(bases().names)
}

type baseSet struct {
	names   []string
	records map[string]Record
	rank    map[string]int // key → place of its first appearance
}

var bases = sync.OnceValue(func() baseSet {
	set := baseSet{records: map[string]Record{}, rank: map[string]int{}}
	entries, err := baseFiles.ReadDir("base")
	if err != nil {
		panic(err)
	}
	// The sign-in has the most keys, so its order comes first.
	files := []string{"signin"}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".json")
		set.names = append(set.names, name)
		files = append(files, name)
	}
	slices.Sort(set.names) // "a.json" sorts after "a-b.json"
	for _, name := range files {
		raw, err := baseFiles.ReadFile("base/" + name + ".json")
		if err != nil {
			panic(err)
		}
		if set.records[name], err = parseBase(raw); err != nil {
			panic(fmt.Sprintf("base/%s.json: %v", name, err))
		}
		rankKeys(json.NewDecoder(strings.NewReader(string(raw))), set.rank)
	}
	return set
})

func parseBase(raw []byte) (Record, error) {
	v, err := parseJSON(string(raw))
	if err != nil {
		return Record{}, err
	}
	file, _ := v.(map[string]any)
	kindName, _ := file["kind"].(string)
	subName, _ := file["sub"].(string)
	kind, ok := event.KindByName(kindName)
	fields, isObject := file["fields"].(map[string]any)
	if !ok || !isObject {
		return Record{}, fmt.Errorf("need a kind and fields")
	}
	r := Record{Kind: kind, Tenant: Tenant, Fields: fields}
	for s := range event.ADFS + 1 {
		if s.String() == subName {
			r.Sub = s
		}
	}
	return r, nil
}

// rankKeys numbers the keys of the next JSON value in order of appearance.
func rankKeys(dec *json.Decoder, rank map[string]int) {
	tok, _ := dec.Token()
	delim, ok := tok.(json.Delim)
	if !ok {
		return
	}
	for dec.More() {
		if delim == '{' {
			key, _ := dec.Token()
			if k := key.(string); rank[k] == 0 {
				rank[k] = len(rank) + 1
			}
		}
		rankKeys(dec, rank)
	}
	_, _ = dec.Token() // the closing delimiter
}
