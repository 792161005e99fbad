package cli

import (
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/sigma"
)

const rulesAbout = `Rules say what deserves a look. They are Sigma rules: the built-in ones implement
Microsoft's security operations guides, and yours stand beside them.

Examples:
  entrawatch rules list -level high         what is most urgent
  entrawatch rules show mfa-fraud-alert     what one rule looks for
  entrawatch rules check my-rules/          on which logs rules of yours work
  entrawatch rules test my-rules/           whether they do what their tests say
`

func runRules(e *env, args []string) int {
	return dispatch(e, "entrawatch rules", rulesAbout, []command{
		{"list", "list the rules", runRulesList},
		{"show", "explain one rule", runRulesShow},
		{"check", "say on which logs each rule works, or why it cannot", runRulesCheck},
		{"test", "run the tests of rules", runRulesTest},
		{"backtest", "say what rules would have raised on stored events", runRulesBacktest},
		{"navigator", "print an ATT&CK Navigator layer", runRulesNavigator},
	}, args)
}

// logsOf says in a few words which logs a rule reads, directly or through other
// rules.
func logsOf(r *detect.Rule) string {
	if r.Match != nil {
		return logSource(r.Match.LogSource)
	}
	var logs []string
	for _, in := range r.Inputs {
		if l := logsOf(in); !slices.Contains(logs, l) {
			logs = append(logs, l)
		}
	}
	return strings.Join(logs, ", ")
}

// logSource names a log. Azure needs no mention.
func logSource(l sigma.LogSource) string {
	var parts []string
	if p := strings.ToLower(l.Product); p != "" && (p != "azure" && p != "entra" || l.Service == "" && l.Category == "") {
		parts = append(parts, p)
	}
	for _, p := range []string{l.Service, l.Category} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}
