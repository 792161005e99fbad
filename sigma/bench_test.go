package sigma

import (
	"fmt"
	"strings"
	"testing"
)

// benchFields are the fields of the generated rules and records, with the
// selectivity that a caller would give them.
var benchFields = []struct {
	name        string
	selectivity int
	value       FieldValue
}{
	{"category", -3, FieldValue{String, "SignInLogs"}},
	{"result", -3, FieldValue{String, "success"}},
	{"errorCode", 0, FieldValue{Number, "0"}},
	{"operation", 3, FieldValue{String, "Sign-in activity"}},
	{"user", 2, FieldValue{String, "alice.miller@contoso.example"}},
	{"userType", -3, FieldValue{String, "member"}},
	{"appId", 2, FieldValue{String, "4765445b-32c6-49b0-83e6-1d93765276ca"}},
	{"appName", 1, FieldValue{String, "Office Home"}},
	{"resource", 1, FieldValue{String, "Windows Azure Active Directory"}},
	{"ip", 0, FieldValue{String, "203.0.113.77"}},
	{"country", -1, FieldValue{String, "DE"}},
	{"city", 0, FieldValue{String, "Frankfurt am Main"}},
	{"userAgent", 0, FieldValue{String, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"}},
	{"deviceId", 0, FieldValue{String, ""}},
	{"deviceOS", -1, FieldValue{String, "Windows10"}},
	{"managed", -3, FieldValue{Bool, "true"}},
	{"risk", -2, FieldValue{String, "none"}},
	{"protocol", -1, FieldValue{String, "none"}},
	{"client", -1, FieldValue{String, "Browser"}},
	{"mfa", -3, FieldValue{String, "singleFactorAuthentication"}},
	{"target", 1, FieldValue{}}, // null
	{"role", 1, FieldValue{}},
}

type benchRecord []FieldValue

func (r benchRecord) Append(dst []FieldValue, field int) []FieldValue {
	if field >= len(r) {
		return dst
	}
	return append(dst, r[field])
}

func (r benchRecord) First(field int) (FieldValue, int) {
	if field >= len(r) {
		return FieldValue{}, 0
	}
	return r[field], 1
}

func (r benchRecord) Text(int) (string, bool) { return "", false }

func benchOptions() Options {
	ids := map[string]Ref{}
	for i, f := range benchFields {
		ids[f.name] = Ref{ID: i, Selectivity: f.selectivity}
	}
	return Options{Resolve: func(field string) (Ref, bool) {
		ref, ok := ids[field]
		return ref, ok
	}}
}

// benchRules returns n different rules of the sorts that people write.
func benchRules(n int) []*Rule {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "---\ntitle: rule %d\nlogsource: {product: test}\ndetection:\n", i)
		switch i % 10 {
		case 0, 1, 2, 3:
			fmt.Fprintf(&b, "  sel:\n    category: AuditLogs\n    operation: ['Add thing %d', 'Remove thing %d']\n    result: success\n"+
				"  known:\n    user|endswith: ['@trusted%d.example']\n  condition: sel and not known\n", i, i, i)
		case 4:
			fmt.Fprintf(&b, "  sel:\n    errorCode: [%d, %d]\n    appId: '00000000-0000-0000-0000-%012d'\n  condition: sel\n", 50000+i, 60000+i, i)
		case 5:
			fmt.Fprintf(&b, "  sel:\n    userAgent|contains: ['tool-%d/', 'bot%dx']\n    category: SignInLogs\n  net:\n    ip|cidr: 10.%d.0.0/16\n"+
				"  condition: sel and not net\n", i, i, i%256)
		case 6:
			fmt.Fprintf(&b, "  a:\n    operation: 'Update policy %d'\n  b:\n    role|startswith: 'Admin %d'\n  condition: a or b\n", i, i)
		case 7:
			fmt.Fprintf(&b, "  sel:\n    resource|re: '^Vault-%d[a-f]+$'\n    risk: [high, medium]\n  condition: sel\n", i)
		case 8:
			fmt.Fprintf(&b, "  sel:\n    result: success\n    appName|contains|all: ['Connector', '%d']\n  guest:\n    userType: guest\n  condition: sel and guest\n", i)
		case 9:
			fmt.Fprintf(&b, "  sel:\n    user|startswith: 'svc-%d-'\n    country|neq: ['DE', 'US']\n  lone:\n    deviceId: null\n  condition: all of sel or (lone and 1 of sel)\n", i)
		}
	}
	docs, err := Parse("bench.yml", []byte(b.String()))
	if err != nil {
		panic(err)
	}
	rules := make([]*Rule, len(docs))
	for i, d := range docs {
		rules[i] = d.(*Rule)
	}
	return rules
}

// ordinaryRecord is one that no rule is for.
func ordinaryRecord() benchRecord {
	rec := make(benchRecord, len(benchFields))
	for i, f := range benchFields {
		rec[i] = f.value
	}
	return rec
}

// BenchmarkMatch measures what an ordinary record costs with more and more rules.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{50, 100, 200, 250, 400, 800} {
		set, err := Compile(benchRules(n), benchOptions())
		if err != nil {
			b.Fatal(err)
		}
		m, rec := set.NewMatcher(), Record(ordinaryRecord())
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(m.Match(rec)) > 0 {
					b.Fatal("a rule matches")
				}
			}
		})
	}
}

// BenchmarkKeywords measures looking for keywords in a record of 3 KB.
func BenchmarkKeywords(b *testing.B) {
	var rules []*Rule
	for _, k := range []string{
		"Acme.Authorization/roleAssignments/write", "Acme.Compute/virtualMachines/write", "Acme.Maps/accounts/listKeys/action",
	} {
		rules = append(rules, ruleOf(&Item{Values: []Value{Text(k), Text(k + "/now")}}))
	}
	set, err := Compile(rules, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"José", "Joe"} {
		m := set.NewMatcher()
		text := strings.Repeat(`{"operation":"Acme.Compute/disks/read","status":{"errorCode":0},"amount":"12 mm"},`, 36) + name
		rec := Record(&testRecord{texts: []string{text}})
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if len(m.Match(rec)) > 0 {
					b.Fatal("a rule matches")
				}
			}
		})
	}
}

// BenchmarkCompile measures getting rules ready.
func BenchmarkCompile(b *testing.B) {
	rules := benchRules(250)
	for b.Loop() {
		if _, err := Compile(rules, benchOptions()); err != nil {
			b.Fatal(err)
		}
	}
}
