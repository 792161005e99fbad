package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// modifierClass is a set of modifiers of which an item has at most one, unless
// the class says otherwise in checkModifiers.
type modifierClass uint8

const (
	linking    modifierClass = iota // all, neq, expand, cased: go with much
	position                        // contains, startswith, endswith
	dashing                         // windash
	widening                        // utf16 in its forms
	base64ing                       // base64, base64offset
	comparing                       // gt, gte, lt, lte
	timing                          // minute … year
	regexing                        // re
	regexFlag                       // i, m, s
	netting                         // cidr
	existing                        // exists
	referring                       // fieldref
	numClasses = iota
)

// modifiers lists every modifier of Sigma 2.1, and the long names of the flags
// of re that Python's Sigma library takes.
var modifiers = map[string]modifierClass{
	"all": linking, "neq": linking, "expand": linking, "cased": linking,
	"contains": position, "startswith": position, "endswith": position,
	"windash": dashing,
	"wide":    widening, "utf16le": widening, "utf16be": widening, "utf16": widening,
	"base64": base64ing, "base64offset": base64ing,
	"gt": comparing, "gte": comparing, "lt": comparing, "lte": comparing,
	"minute": timing, "hour": timing, "day": timing, "week": timing, "month": timing, "year": timing,
	"re": regexing,
	"i":  regexFlag, "m": regexFlag, "s": regexFlag,
	"ignorecase": regexFlag, "multiline": regexFlag, "dotall": regexFlag,
	"cidr": netting, "exists": existing, "fieldref": referring,
}

// companions says which modifiers may stand beside one of a class. Classes that
// are not listed give the item its kind and stand alone but for these.
var companions = map[modifierClass][]modifierClass{
	position:  {dashing, widening, base64ing, regexing, regexFlag, referring},
	dashing:   {position, widening, base64ing},
	widening:  {position, dashing, base64ing},
	base64ing: {position, dashing, widening},
	comparing: {timing},
	timing:    {comparing},
	regexing:  {regexFlag, position},
	regexFlag: {regexing, regexFlag, position},
	netting:   {},
	existing:  {},
	referring: {position},
}

// excluded lists what does not go with linking modifiers, and why.
var excluded = map[string]map[modifierClass]string{
	"cased": {
		regexing: "regular expressions tell case apart already; use re|i for the opposite",
		netting:  "networks have no case", comparing: "numbers have no case", timing: "times have no case",
		existing: "existence has no case",
	},
	"neq": {
		comparing: "write the opposite comparison, such as lte instead of gt",
		existing:  "write exists: false",
	},
	"all":    {existing: "exists takes one value"},
	"expand": {existing: "exists takes true or false", referring: "a placeholder cannot name a field"},
}

// modifierSet tells which modifiers an item has.
type modifierSet struct {
	class                   [numClasses]string // the modifier of each class but linking and regexFlag
	flags                   string             // of re
	all, neq, expand, cased bool
}

// checkModifiers reports what is wrong with the modifiers of an item.
func checkModifiers(it *Item) (set modifierSet, msg, hint string) {
	at := map[string]int{}
	for i, m := range it.Modifiers {
		class, known := modifiers[m]
		if !known {
			return set, fmt.Sprintf("unknown modifier %q", m), suggest(m, knownModifiers())
		}
		if _, twice := at[m]; twice {
			return set, fmt.Sprintf("modifier %q is given twice", m), "remove one"
		}
		at[m] = i
		switch class {
		case linking:
			set.all = set.all || m == "all"
			set.neq = set.neq || m == "neq"
			set.expand = set.expand || m == "expand"
			set.cased = set.cased || m == "cased"
		case regexFlag:
			set.flags += map[string]string{"ignorecase": "i", "multiline": "m", "dotall": "s"}[m]
			if len(m) == 1 {
				set.flags += m
			}
			fallthrough
		default:
			if other := set.class[class]; other != "" && class != regexFlag {
				return set, fmt.Sprintf("modifiers %q and %q exclude each other", other, m), exclusionHint(class, other, m)
			}
			set.class[class] = m
		}
	}
	if msg, hint := set.combine(it.Modifiers); msg != "" {
		return set, msg, hint
	}
	msg, hint = set.order(at)
	return set, msg, hint
}

// combine reports modifiers that do not go together.
func (s *modifierSet) combine(names []string) (msg, hint string) {
	for _, a := range names {
		ca := modifiers[a]
		for _, b := range names {
			cb := modifiers[b]
			switch {
			case a == b || cb == linking:
			case ca == linking:
				if why, bad := excluded[a][cb]; bad {
					return fmt.Sprintf("modifiers %q and %q do not go together", a, b), why
				}
			case ca != cb && !slices.Contains(companions[ca], cb):
				return fmt.Sprintf("modifiers %q and %q do not go together", a, b), "use two entries"
			}
		}
	}
	if s.class[regexFlag] != "" && s.class[regexing] == "" {
		return fmt.Sprintf("modifier %q without re", s.class[regexFlag]), "write re|" + s.class[regexFlag]
	}
	return "", ""
}

// order reports modifiers that must stand the other way round, since they are
// applied from left to right.
func (s *modifierSet) order(at map[string]int) (msg, hint string) {
	for _, c := range [][2]modifierClass{
		{regexing, regexFlag},
		{regexing, position},
		{widening, base64ing},
		{dashing, base64ing},
		{dashing, widening},
		{base64ing, position},
	} {
		first, then := s.class[c[0]], s.class[c[1]]
		if first != "" && then != "" && at[first] > at[then] {
			return fmt.Sprintf("modifier %q after %q", first, then),
				fmt.Sprintf("modifiers apply from left to right: write %s|%s", first, then)
		}
	}
	return "", ""
}

func exclusionHint(class modifierClass, a, b string) string {
	switch {
	case class == position && (a == "contains" || b == "contains"):
		return "keep the narrower one"
	case class == position:
		return "write the value as a pattern, such as 'a*b'"
	case class == comparing:
		return "write two entries, in two searches if the field is the same"
	default:
		return "keep one"
	}
}

func knownModifiers() []string {
	var names []string
	for m := range modifiers {
		names = append(names, m)
	}
	slices.SortFunc(names, strings.Compare)
	return names
}
