package config

import (
	"fmt"
	"strings"

	"linemark/internal/code"
)

// The modes of a pack station.
const (
	PackStream = "stream" // units pass one after another and are counted
	PackFrame  = "frame"  // one picture shows all units of a container
	PackHand   = "hand"   // a person reads unit after unit
)

const (
	unverifiedAccept = "accept"
	unverifiedRefuse = "refuse"
)

// Strict says whether a pack station packs only what was verified before.
func (s Station) Strict() bool { return s.Unverified == unverifiedRefuse }

// packMode checks what depends on how a pack station comes to its containers.
func (c *checker) packMode(at *place, s Station, before []Station) {
	c.oneOf(at.at("mode"), s.PackMode, packModes...)
	c.oneOf(at.at("unverified"), s.Unverified, unverifieds...)
	c.packSignals(at, s)
	if c.bad[at.at("mode").path] {
		return
	}
	if s.PackMode != PackHand {
		for _, key := range []string{"partial", "undo_code", "close_code", "empty_code"} {
			if here := at.at(key); c.ok(here) {
				c.add(here, `is only for mode = "hand"`, "remove it, or add mode = \"hand\" "+at.header())
			}
		}
	}
	if of := at.at("of"); c.ok(of) && s.PackMode == PackFrame {
		c.add(of, "a picture shows units, not the containers of another station", `remove it, or write mode = "hand" or "stream"`)
	}
	if unverified := at.at("unverified"); c.ok(unverified) && c.given(at.at("of")) {
		c.add(unverified, "this station packs containers: their units are verified", "remove it")
	}
	for _, b := range before {
		if here := at.at("unverified"); b.Kind == kindVerify && b.Grade != "" && !s.Strict() && !c.given(at.at("of")) && !c.bad[here.path] {
			c.add(here, fmt.Sprintf("is %q: station %q asks for print quality %s, and a product that it rejected for it would be verified here", unverifiedAccept, b.Name, b.Grade),
				`write unverified = "refuse" `+at.header())
		}
	}
	if c.given(at.at("printer")) && s.Partial == Yes && s.PackMode == PackHand {
		c.add(at.at("partial"), "the label is printed when the container is full or closed by command: none is read before", "remove it, or remove printer")
	}
	c.cards(at, s)
	c.ownSSCC(at, s, before)
}

// ownSSCC: a pallet's own label that was printed elsewhere, and those of its boxes, must be told apart.
func (c *checker) ownSSCC(at *place, s Station, before []Station) {
	if s.PackMode != PackHand || s.Unit != SSCC || s.Of == "" || c.given(at.at("printer")) || c.bad[at.at("sscc_prefix").path] {
		return
	}
	for _, b := range before {
		if b.Name == s.Of && b.Unit == SSCC && b.SSCCPrefix == s.SSCCPrefix {
			c.add(at.at("sscc_prefix"), fmt.Sprintf("%q is that of station %q too: its containers' labels could be taken for this station's own", s.SSCCPrefix, b.Name), "give this station's labels another extension digit")
		}
	}
}

// packSignals checks the outputs that tell the operator what becomes of a reading.
func (c *checker) packSignals(at *place, s Station) {
	refused, accepted := at.at("refused"), at.at("accepted")
	for _, output := range []struct {
		at  *place
		ref string
	}{{refused, s.Refused}, {accepted, s.Accepted}} {
		if c.ok(output.at) {
			c.point(output.at, output.ref, "output")
			c.ownPoint(output.at, output.ref, "output")
		}
	}
	c.longerThanZero(at.at("signal_for"), s.SignalFor)
	if !c.ok(refused) || !c.ok(accepted) {
		return
	}
	one, _, ok := SplitPoint(s.Refused)
	other, _, also := SplitPoint(s.Accepted)
	switch {
	case s.Refused == s.Accepted:
		c.add(accepted, fmt.Sprintf("%q tells of what is refused too", s.Accepted), "give it an output of its own")
	case ok && also && one != other:
		c.add(accepted, fmt.Sprintf("%q is not of the PLC that tells of what is refused, %q", s.Accepted, one), "name an output of the same PLC")
	}
}

// maxCard is the longest text of a card: no marking code and no transport code is as short.
const maxCard = code.GTINLength

// cards checks the texts that stand for commands: no reading of a unit may be one.
func (c *checker) cards(at *place, s Station) {
	seen := map[string]string{}
	for _, card := range []struct{ key, text string }{{"undo_code", s.UndoCode}, {"close_code", s.CloseCode}, {"empty_code", s.EmptyCode}} {
		here := at.at(card.key)
		switch {
		case !c.ok(here):
		case card.text == "" || len(card.text) > maxCard || strings.TrimSpace(card.text) != card.text:
			c.add(here, fmt.Sprintf("%q is no text for a card", card.text), fmt.Sprintf("write 1 to %d characters: no product's code is as short", maxCard))
		case seen[card.text] != "":
			c.add(here, fmt.Sprintf("%q is the text of %s too", card.text, seen[card.text]), "give each card a text of its own")
		default:
			seen[card.text] = card.key
		}
	}
}
