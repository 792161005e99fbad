package cli

import (
	"slices"
	"strings"
)

var rulesNavigatorHelp = help{
	about: "Prints a layer for the ATT&CK Navigator (https://mitre-attack.github.io/attack-navigator/): which techniques the rules look for, coloured by how many rules do.",
	usage: []string{"[flags] > layer.json"},
	examples: []example{
		{"entrawatch rules navigator > layer.json", "Open layer.json in the Navigator with \"Open Existing Layer\"."},
		{"entrawatch rules navigator -rules my-rules", "With rules of yours."},
	},
	exits: []string{"done", "rules could not be loaded", "the command line is wrong"},
}

// A navigatorLayer is a layer of version 4.5.
type navigatorLayer struct {
	Name       string               `json:"name"`
	Versions   map[string]string    `json:"versions"`
	Domain     string               `json:"domain"`
	About      string               `json:"description"`
	Techniques []navigatorTechnique `json:"techniques"`
	Gradient   navigatorGradient    `json:"gradient"`
	Sorting    int                  `json:"sorting"` // 3: by score, the highest first
}

type navigatorTechnique struct {
	ID      string `json:"techniqueID"`
	Score   int    `json:"score"` // how many rules
	Comment string `json:"comment"`
	Enabled bool   `json:"enabled"`
}

type navigatorGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

func runRulesNavigator(e *env, args []string) int {
	fs := newFlags(e, "rules navigator", rulesNavigatorHelp)
	chosen := fs.rules()
	others, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(others) > 0 {
		return fs.usage("unexpected argument %q; to add the rules of a folder, write -rules %s", others[0], others[0])
	}
	lib, code, done := chosen.load(fs, *chosen.noBuiltin)
	if done {
		return code
	}
	rules := map[string][]string{}
	for _, r := range lib.all() {
		if r.Silent {
			continue
		}
		for _, t := range techniques(r.Tags) {
			rules[t] = append(rules[t], r.Slug)
		}
	}
	layer := navigatorLayer{
		Name: "entrawatch", Versions: map[string]string{"layer": "4.5", "navigator": "5.1.0"}, Domain: "enterprise-attack",
		About: "Techniques that rules of entrawatch look for. The score is the number of rules.", Sorting: 3, Techniques: []navigatorTechnique{},
		Gradient: navigatorGradient{Colors: []string{"#d6eaf2", "#0f5f73"}, Min: 1, Max: 1},
	}
	for id, slugs := range rules {
		slices.Sort(slugs)
		layer.Techniques = append(layer.Techniques, navigatorTechnique{id, len(slugs), strings.Join(slugs, ", "), true})
		layer.Gradient.Max = max(layer.Gradient.Max, len(slugs))
	}
	slices.SortFunc(layer.Techniques, func(a, b navigatorTechnique) int { return strings.Compare(a.ID, b.ID) })
	if err := writeJSON(e.stdout, layer, "  "); err != nil {
		return e.fail(fs.Name(), err)
	}
	return code
}
