package ediweb

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/upstream/ediweb/stack"
)

// allotted gives an inventory and two bare pictures to the documents of a lot.
func allotted(raw []byte, ids []string) (Answer, Lot) {
	var a Answer
	var names stack.SafeNames
	lot := Lot{IDs: ids}
	a.allot(0, &lot, []stack.Entry{
		{Name: "Inventory.xml", Bytes: raw},
		{Name: "QR_A_03052023133944.png", Bytes: []byte("a")},
		{Name: "QR_2_03052023133944.png", Bytes: []byte("b")},
		{Name: "c.png", Bytes: []byte("c")},
	}, &names)
	return a, lot
}

// Whatever an inventory says, every id has one state, every packet one place, and it is the same
// each time.
func FuzzAllot(f *testing.F) {
	f.Add([]byte(`<a><d i="1" n="A"/><d><i>2</i><f>c.png</f></d></a>`), "1", "2")
	f.Add([]byte(`<a i="1" j="2"><d>A</d></a>`), "1", "A")
	f.Add([]byte(`<a><b>3</b><c>c</c></a>`), "3", "2")
	f.Fuzz(func(t *testing.T, raw []byte, one, two string) {
		ids := slices.Compact([]string{one, two})
		a, lot := allotted(raw, ids)
		if len(a.Documents) != len(ids) {
			t.Fatalf("%d documents of %d", len(a.Documents), len(ids))
		}
		places := len(a.Strays)
		for i, d := range a.Documents {
			places += len(d.Packets)
			if d.ID != ids[i] || d.State == Found && len(d.Packets) == 0 || d.State == Missing && len(d.Packets) > 0 || (d.State == Found) != (d.Why == "") {
				t.Fatalf("%+v", d)
			}
		}
		if places != 3 || len(lot.Inventories) != 1 || string(lot.Inventories[0].Raw) != string(raw) {
			t.Fatalf("%d places, %d inventories", places, len(lot.Inventories))
		}
		if again, l := allotted(raw, ids); !reflect.DeepEqual(a, again) || !reflect.DeepEqual(lot, l) {
			t.Fatal("not the same again")
		}
	})
}

// The largest inventory and the most packets that the limits let pass must not keep a PC busy.
func TestAllotsTheLargestAnswer(t *testing.T) {
	var entries []stack.Entry
	for range 4000 {
		entries = append(entries, stack.Entry{Name: "QR_A_03052023133944.png", Bytes: []byte("a")})
	}
	ids := strings.Split("1,2,3,4,5,6,7,8,9", ",")
	raw := "<a>" + strings.Repeat("<b>", 60) + strings.Repeat("<c>A</c><c>1</c>", 90_000) + strings.Repeat("</b>", 60) + "</a>"
	entries = append(entries, stack.Entry{Name: "Inventory.xml", Bytes: []byte(raw)})
	var a Answer
	var names stack.SafeNames
	lot := Lot{IDs: ids}
	began := time.Now()
	a.allot(0, &lot, entries, &names)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if len(a.Documents[0].Packets) != 4000 {
		t.Errorf("%d packets", len(a.Documents[0].Packets))
	}
}
