package learn

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

// A Draft is a baseline to be approved.
type Draft struct {
	Home     string // tenant id; "" if no record says
	Kinds    map[string]string
	Period   [2]time.Time
	From     string                          // the baseline that decides already, by name
	Decided  func(tenant, input string) bool // what that one sets
	Blocks   []Block                         // of the home tenant
	Others   map[string][]Block              // of further tenants
	Measures []Block                         // thresholds
}

// quote writes a text that may come from an attacker so that it means itself,
// stays on its line and cannot reach a terminal with control characters.
func quote(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "\ufffd")) }

func quoteAll(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return strings.Join(out, ", ")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

const header = `# DRAFT of an entrawatch baseline. Nobody has approved it.
#
# "entrawatch baseline learn" proposes; a person approves. Read each value with
# its evidence, delete what is not meant to be normal, and say what logs cannot
# say. Then: entrawatch baseline check THIS-FILE LOGS.
#
# No value is here because it was seen often: it takes different users on
# different days. An attacker who was there all the time can still be in it.
`

// Write returns the draft as a file. Values stand in the order of the
// catalogue, and each is on a line of its own, with its evidence.
func (d *Draft) Write() []byte {
	w := &writer{}
	w.WriteString(header + "\n")
	if !d.Period[0].IsZero() {
		w.remark("", "Learned from "+d.Period[0].UTC().Format("2006-01-02 15:04")+" to "+d.Period[1].UTC().Format("2006-01-02 15:04")+" UTC.")
	}
	if d.From != "" {
		w.remark("", "What "+quote(d.From)+" sets is decided, and is left out here.")
	}
	w.WriteByte('\n')
	if d.Home != "" && !d.decided("", "home_tenant_id") {
		w.WriteString("home_tenant_id: " + d.Home + "\n")
	} else if d.Home == "" && !d.decided("", "home_tenant_id") {
		w.remark("", "home_tenant_id: no record names its tenant; declare it")
	}
	if len(d.Others) > 0 && d.decided("", "tenants") {
		w.remark("", "What was seen in other tenants is left out, because tenants is decided: "+quoteAll(sortedKeys(d.Others)))
	}
	if len(d.Others) > 0 && !d.decided("", "tenants") || d.Kinds[d.Home] == baseline.B2C && !d.decided("", "tenants") {
		w.WriteString("tenants:\n")
		if d.Home != "" {
			w.WriteString("  - {id: " + d.Home + ", kind: " + d.kind(d.Home) + "}\n")
		}
		for _, id := range sortedKeys(d.Others) {
			w.WriteString("  - id: " + id + "\n    kind: " + d.kind(id) + "\n")
			blocks := slices.DeleteFunc(slices.Clone(d.Others[id]), func(b Block) bool { return !b.proposed() })
			if len(blocks) > 0 {
				w.WriteString("    overrides:\n")
				w.blocks("      ", blocks, func(in string) bool { return d.decided(id, in) }, nil)
			}
		}
	}
	blocks := append(slices.Clone(d.Blocks), d.Measures...)
	w.blocks("", blocks, func(in string) bool { return d.decided("", in) }, baseline.Learnable())
	return []byte(w.String())
}

func (d *Draft) kind(id string) string {
	if d.Kinds[id] == baseline.B2C {
		return baseline.B2C
	}
	return baseline.Workforce
}

func (d *Draft) decided(tenant, input string) bool {
	return d.Decided != nil && d.Decided(tenant, input)
}

type writer struct{ strings.Builder }

// remark writes a comment. What it quotes is quoted already; nothing else in
// it comes from logs.
func (w *writer) remark(indent, text string) {
	w.WriteString(indent + "# " + strings.ReplaceAll(text, "\n", " ") + "\n")
}

// blocks writes inputs in the order of the catalogue. With lessons, what is not
// proposed is explained behind them.
func (w *writer) blocks(indent string, blocks []Block, decided func(string) bool, lessons []baseline.Lesson) {
	byInput := map[string]Block{}
	for _, b := range blocks {
		if !decided(b.Input) {
			byInput[b.Input] = b
		}
	}
	open := ""
	inputs := baseline.Inputs()
	for i, in := range inputs {
		b, ok := byInput[in.Name]
		if !ok || len(b.Lines) == 0 {
			continue
		}
		at, name := indent, in.Name
		group, _, _ := strings.Cut(in.Name, ".")
		if lessons != nil && open != group {
			w.WriteByte('\n')
		}
		if group, part, nested := strings.Cut(in.Name, "."); nested {
			if open != group && opens(inputs[i:], group, byInput) {
				open = group
				w.WriteString(indent + group + ":\n")
			}
			if open == group {
				at, name = indent+"  ", part
			}
		} else {
			open = ""
		}
		if b.proposed() {
			if lessons != nil {
				w.remark(at, in.Doc)
			}
			w.WriteString(at + name + ":\n")
		} else {
			w.remark(at, in.Name+": nothing proposed")
		}
		for _, line := range b.Lines {
			w.line(at+"  ", line)
		}
	}
	if b, ok := byInput["seen"]; ok && lessons != nil {
		w.WriteByte('\n')
		w.remark(indent, "Also seen, which no input holds:")
		for _, line := range b.Lines {
			w.line(indent, line)
		}
	}
	w.lessons(byInput, decided, lessons)
}

// lessons lists the inputs of which nothing is said above, and why.
func (w *writer) lessons(blocks map[string]Block, decided func(string) bool, lessons []baseline.Lesson) {
	var unseen, reasons []string
	byReason := map[string][]string{}
	for _, l := range lessons {
		b, ok := blocks[l.Input]
		switch {
		case decided(l.Input) || ok && len(b.Lines) > 0 || l.Input == "home_tenant_id" || l.Input == "tenants":
		case l.How != "":
			unseen = append(unseen, l.Input)
		default:
			if byReason[l.Why] == nil {
				reasons = append(reasons, l.Why)
			}
			byReason[l.Why] = append(byReason[l.Why], l.Input)
		}
	}
	if len(unseen) > 0 {
		w.WriteByte('\n')
		w.remark("", "Nothing in these logs speaks of:")
		w.remark("  ", strings.Join(unseen, ", "))
	}
	if len(reasons) > 0 {
		w.WriteByte('\n')
		w.remark("", "What a person has to declare, and why:")
	}
	for _, why := range reasons {
		w.remark("  ", strings.Join(byReason[why], ", ")+": "+why)
	}
}

// opens reports whether a part of the group is proposed.
func opens(inputs []baseline.Input, group string, blocks map[string]Block) bool {
	for _, in := range inputs {
		if b, ok := blocks[in.Name]; ok && strings.HasPrefix(in.Name, group+".") && b.proposed() {
			return true
		}
	}
	return false
}

func (w *writer) line(indent string, l Line) {
	switch {
	case l.Text == "":
		w.remark(indent, l.Remark)
	case l.Remark == "":
		w.WriteString(indent + l.Text + "\n")
	default:
		w.WriteString(indent + l.Text + " # " + strings.ReplaceAll(l.Remark, "\n", " ") + "\n")
	}
}
