package cli

const baselineAbout = `A baseline says what is normal in your organisation: who may do what, from where,
with what, when. Rules that compare with it stay inactive until it says so.

Examples:
  entrawatch baseline init -o baseline.yaml     a commented file to fill in
  entrawatch baseline learn -o draft.yaml logs  a draft from what the logs show
  entrawatch baseline check baseline.yaml       whether it is right, and what it does
  entrawatch scan -baseline baseline.yaml logs  compare logs with it
`

func runBaseline(e *env, args []string) int {
	return dispatch(e, "entrawatch baseline", baselineAbout, []command{
		{"init", "write a starting baseline", runBaselineInit},
		{"learn", "draft a baseline from logs", runBaselineLearn},
		{"check", "check a baseline, and say which rules it makes work", runBaselineCheck},
		{"diff", "say in what one baseline differs from another", runBaselineDiff},
	}, args)
}
