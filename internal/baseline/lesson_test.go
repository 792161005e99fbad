package baseline

import "testing"

// TestLearnable fails when an input is new: say how it is learned, or why not.
func TestLearnable(t *testing.T) {
	lessons := Learnable()
	for i, in := range Inputs() {
		if i >= len(lessons) || lessons[i].Input != in.Name {
			t.Fatalf("%s is not in Learnable, or not in its place: say there how it is learned, or why a person has to declare it", in.Name)
		}
		if l := lessons[i]; (l.How == "") == (l.Why == "") {
			t.Errorf("%s: exactly one of How and Why must say something", l.Input)
		}
	}
	if len(lessons) != len(Inputs()) {
		t.Errorf("%s is no input", lessons[len(Inputs())].Input)
	}
}
