// Package learn proposes a baseline from logs: what is done by whom, from
// where and when, with the evidence for each value. It is core: app feeds it
// events and gives it sorters, so that any number of events fits into little
// memory, and gets back the text of a draft. It decides nothing: a person
// approves the draft.
//
// An attacker may have been active while the logs were written. Therefore no
// number of events makes a value normal, only different users on different
// days; failures, risky sign-ins and addresses with a risk teach nothing.
package learn
