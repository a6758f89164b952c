package izkmtest

// Accepted returns the reports of a kind that are SENT.
func (h History) Accepted(kind string) []Report {
	var list []Report
	for _, r := range h.Reports {
		if r.Kind == kind && r.Status == statusSent {
			list = append(list, r)
		}
	}
	return list
}

// ByFull finds the codes by their full text.
func (h History) ByFull() map[string]Code {
	all := make(map[string]Code, len(h.Codes))
	for _, c := range h.Codes {
		all[c.Full] = c
	}
	return all
}

// Unreported returns the issued codes of which no accepted report says what became of them:
// neither applied nor dropped. Groups that report no application by hand have none.
func (h History) Unreported() []Code {
	byHand := make(map[string]bool)
	for _, o := range h.Orders {
		g, _ := groupOf(o.Group)
		byHand[o.Group] = g.byHand
	}
	var list []Code
	for _, c := range h.Codes {
		if byHand[c.Group] && c.Utilisation == "" && c.Dropped == "" {
			list = append(list, c)
		}
	}
	return list
}

// Lapsed returns the codes of blocks that nobody acknowledged before their suborder closed
// by itself: whoever does not hold them by now cannot read them again.
func (h History) Lapsed() []Code {
	lapsed := make(map[string]bool)
	for _, b := range h.Blocks {
		if b.Lapsed {
			lapsed[b.ID] = true
		}
	}
	var list []Code
	for _, c := range h.Codes {
		if lapsed[c.BlockID] {
			list = append(list, c)
		}
	}
	return list
}
