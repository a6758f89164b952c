package line

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

func goodOf(claim int64) ledger.Verdict {
	return ledger.Verdict{Outcome: ledger.Good, Claim: claim, Ident: code.Code(fmt.Sprint("ident-", claim))}
}

func TestShift(t *testing.T) {
	const skipped = "1 code between ident-1 and ident-3 never read: taken off the belt before the scanner, or not printed"
	for name, c := range map[string]struct {
		reads []int64 // claims of good readings; 0: a product that could not be read
		want  []OvertakenBefore
	}{
		"in order":                          {[]int64{1, 2, 3, 4, 5, 6, 7, 8}, nil},
		"a gap that is not confirmed yet":   {[]int64{1, 3, 4, 5}, nil},
		"a product taken off":               {[]int64{1, 3, 4, 5, 6}, []OvertakenBefore{{3, overtaken, skipped}}},
		"three at the beginning":            {[]int64{4, 5, 6, 7}, []OvertakenBefore{{4, overtaken, "3 codes before ident-4 never read: taken off the belt before the scanner, or not printed"}}},
		"one that could not be read":        {[]int64{1, 0, 3, 4, 5, 6}, []OvertakenBefore{{3, overtaken, ""}}},
		"one unread, another taken off":     {[]int64{1, 0, 4, 5, 6, 7}, []OvertakenBefore{{4, overtaken, "2 codes between ident-1 and ident-4 never read: taken off the belt before the scanner, or not printed; 1 product there could not be read"}}},
		"a foreign product put on":          {[]int64{1, 0, 2, 3, 4, 5}, nil},
		"a product put back a little later": {[]int64{1, 3, 4, 2, 5, 6, 7, 8}, nil},
		"one put further forward":           {[]int64{5, 1, 2, 3, 4, 6, 7, 8}, nil},
		"two products changed":              {[]int64{1, 3, 2, 4, 5, 6, 7}, nil},
		"two gaps": {[]int64{1, 3, 5, 6, 7, 8}, []OvertakenBefore{{3, overtaken, skipped},
			{5, overtaken, "1 code between ident-3 and ident-5 never read: taken off the belt before the scanner, or not printed"}}},
		"a code of another printer": {[]int64{1, 99, 2, 3, 4, 5}, nil},
	} {
		s := shift{after: 3}
		s.given([]int64{1, 2, 3, 4})
		s.given([]int64{5, 6, 7, 8})
		var got []Effect
		for _, claim := range c.reads {
			if claim == 0 {
				s.missed()
				continue
			}
			got = append(got, s.found(goodOf(claim))...)
		}
		want := make([]Effect, len(c.want))
		for i := range want {
			want[i] = c.want[i]
		}
		if !sameEffects(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", name, shown(got), shown(want))
		}
	}
	silent := shift{}
	silent.given([]int64{1, 2, 3})
	if got := silent.found(goodOf(3)); got != nil || len(silent.expected) != 0 {
		t.Errorf("where the order is not known %s", shown(got))
	}
}

// TestP2_onlyWhatIsMissingIsSetAside lets products with codes in a known order come down a belt, from
// which some are taken, some put back later and some cannot be read. What is set aside is what was
// passed over, soon, and never a code that is still to come.
func TestP2_onlyWhatIsMissingIsSetAside(t *testing.T) {
	confirmed := 0
	rapid.Check(t, func(t *rapid.T) {
		after := rapid.IntRange(1, 4).Draw(t, "heal after")
		s := shift{after: after}
		var belt, hand []int64                // in the printer and on the belt; taken off and held in a hand
		gone := map[int64]int{}               // codes that will not come any more: good readings since they were passed over
		var aside, next, most int64 = 0, 0, 0 // all claims below aside are set aside; most: the highest read
		pass := func(claim int64) {
			for _, e := range s.found(goodOf(claim)) {
				o := e.(OvertakenBefore)
				if o.Claim > most && o.Claim > claim {
					t.Fatalf("codes before %d are set aside, and only %d was read", o.Claim, max(most, claim))
				}
				if slices.ContainsFunc(belt, func(c int64) bool { return c < o.Claim }) {
					t.Fatalf("codes before %d are set aside while %v are still to come", o.Claim, belt)
				}
				aside = max(aside, o.Claim)
				confirmed++
			}
			if claim < most {
				return
			}
			most = claim
			for c := range gone {
				if c < most {
					gone[c]++
				}
				if gone[c] > after+1 && c >= aside && c < most {
					t.Fatalf("code %d was passed over %d readings ago and is not set aside (before %d)", c, gone[c], aside)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"print": func(t *rapid.T) {
				var claims []int64
				for range rapid.IntRange(1, 5).Draw(t, "labels") {
					next += int64(rapid.IntRange(1, 3).Draw(t, "step")) // other codes are claimed elsewhere
					claims = append(claims, next)
				}
				belt = append(belt, claims...)
				s.given(claims)
			},
			"read": func(t *rapid.T) {
				if len(belt) == 0 {
					t.Skip()
				}
				claim := belt[0]
				belt = belt[1:]
				pass(claim)
			},
			"cannot be read": func(t *rapid.T) {
				if len(belt) == 0 {
					t.Skip()
				}
				gone[belt[0]] = 0
				belt = belt[1:]
				s.missed()
			},
			"foreign": func(*rapid.T) { s.missed() },
			"take off": func(t *rapid.T) {
				if len(belt) == 0 {
					t.Skip()
				}
				at := rapid.IntRange(0, len(belt)-1).Draw(t, "which")
				if rapid.Bool().Draw(t, "for good") {
					gone[belt[at]] = 0
				} else {
					hand = append(hand, belt[at])
				}
				belt = slices.Delete(belt, at, at+1)
			},
			"put back": func(t *rapid.T) {
				if len(hand) == 0 || hand[0] > most {
					t.Skip() // many put further forward look like what is missing; a scan brings the rest back
				}
				claim := hand[0]
				hand = hand[1:]
				pass(claim)
			},
		})
	})
	if confirmed == 0 {
		t.Error("nothing was ever set aside")
	}
}

func TestFailures(t *testing.T) {
	for history, want := range map[string][2]int{
		"":          {0, 0},
		"bbb":       {3, 3},
		"bbg":       {0, 2},
		"bgbgb":     {1, 3},
		"bbbgggg":   {0, 1}, // the first two are forgotten
		"bbbggggg":  {0, 0},
		"gggggbbbb": {4, 4},
	} {
		var f failures
		for _, product := range history {
			f.add(product == 'b', 5)
		}
		if got := [2]int{f.row, f.bad}; got != want {
			t.Errorf("%s: %d in a row and %d of the last 5, want %v", history, f.row, f.bad, want)
		}
	}
	var f failures
	for range strings.Repeat("b", 7) {
		f.add(true, 0)
	}
	if f.row != 7 || f.recent != nil {
		t.Errorf("without a share: %+v", f)
	}
}
