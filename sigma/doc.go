// Package sigma reads Sigma 2.1 rules, filters and correlations (see
// https://sigmahq.io) and matches records against rules: many rules at once, in
// well under a microsecond for a record that no rule is for, without allocating.
//
// The way through the package is
//
//	docs, err := sigma.Parse(file, data)        // files to documents
//	err = sigma.Link(docs)                      // do they fit together?
//	rules = sigma.ApplyFilters(rules, filters)  // global filters
//	set, err := sigma.Compile(rules, options)   // rules to something fast
//	m := set.NewMatcher()                       // one for each goroutine
//	for _, i := range m.Match(record) {
//		rule := set.Rules()[i]
//	}
//
// Parse and Compile go on where they meet faults: they return everything that is
// sound and one error that joins the rest, each with file, line and a hint.
//
// # What it does not do
//
// Correlations are read and checked, not evaluated: the package keeps no state
// between records. It does no I/O, reads no clock and starts no goroutine.
// Aggregations behind a pipe in a condition, which Sigma 2 has replaced by
// correlations, are read, but a rule that has one cannot be compiled.
//
// # Records
//
// A caller's records implement Record: two methods that return the i-th value of
// a field and the i-th text for keywords. Options.Resolve maps the names of
// fields in rules to the numbers by which records know them. A field may have
// several values; a rule's value matches if it matches one of them, and a
// negation negates just that: "field is x" is false of no value, so its negation
// is true of a field that is missing.
//
// # How values compare
//
// The specification leaves some of this open. Here it is thus:
//
//   - Texts compare without regard to case, by Unicode simple folding, unless
//     the modifier cased says otherwise. That holds for encoded values as well.
//   - * and ? are wildcards; ? stands for one character. \*, \? and \\ stand
//     for the characters themselves, any other backslash for itself.
//   - A number has two spellings, the one in which it is written and the
//     canonical one. Numbers and texts are equal if they share a spelling: 5 in a
//     rule equals 5.0 and "5" in a record, not "5.0".
//   - true equals the text "true" in any case. null holds if the field is
//     missing or one of its values is null; an empty text is present. exists
//     asks for presence, null or not.
//   - gt, gte, lt and lte read numbers from texts as well. Integers compare
//     exactly.
//   - Keywords are looked for anywhere in the texts of a record.
//   - all asks that each value match some element of a field.
//   - Placeholders need the modifier expand. Their values may have wildcards; the
//     values of one placeholder are alternatives, also with all.
//   - neq negates the entry with all its other modifiers.
//   - re is RE2: case counts, and the expression may match anywhere. What RE2
//     lacks, look-around and back-references, Sigma does not have either.
//   - cidr takes addresses without ports. IPv4 addresses in IPv6 form are IPv4
//     addresses.
//   - minute, hour, day, week, month and year read times as ISO 8601 writes
//     them, without converting time zones. Weeks are ISO weeks.
//   - windash varies -, /, –, — and ― where they begin a word.
//   - A filter's condition is joined by "and" as it stands: a filter that is to
//     suppress records says "not selection".
//   - Names that begin with an underscore are left out by "them" and by patterns
//     that do not begin with one.
//
// # How it is fast
//
// From each rule Compile derives anchors: predicates of which one must hold if
// the rule does, such as "operation is one of these". For each field with anchors
// all its literals are in one hash table and up to three automata, so that a
// record is looked up once per field, however many rules there are. Only rules
// whose anchor holds are evaluated, by a short jump program over predicates that
// are each answered once. The anchors of all rules are chosen together, so that few
// fields are looked at and few rules woken; what Ref says of the fields helps.
// What a value marks is remembered where finding out is dear, for texts in which
// something is searched and for fields that depend on others. Matchers take
// several records at a time, field by field, so that what a processor needs for a
// field is at hand for all of them.
package sigma
