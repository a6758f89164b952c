package izkmtest

// pack is a unit of an accepted aggregation report.
type pack struct {
	*Unit
	by      *report
	in      *pack   // the unit that it is inside of
	dropped *report // the accepted dropout, where no issued code has it
	visited *report // the last dropout that went through it
}

// pack files a unit and puts its children inside.
func (s *Server) pack(r *report, u *Unit) {
	p := &pack{Unit: u, by: r}
	s.packs = append(s.packs, p)
	s.bySerial[u.SerialNumber] = p
	for _, child := range u.Codes {
		if i := s.byKI[child]; i != nil {
			i.in = p
		} else if inner := s.bySerial[child]; inner != nil {
			inner.in = p
		}
	}
}

// into is the unit that a child is inside of, nil if none. The child is an identification
// code or the serial number of a unit.
func (s *Server) into(child string) *pack {
	if i := s.byKI[child]; i != nil {
		return i.in
	}
	if p := s.bySerial[child]; p != nil {
		return p.in
	}
	return nil
}

// droppedBy is the accepted dropout of an identification code or unit, nil if none.
func (s *Server) droppedBy(serial string) *report {
	if i := s.byKI[serial]; i != nil {
		return i.dropped
	}
	if p := s.bySerial[serial]; p != nil {
		return p.dropped
	}
	return nil
}

// drop drops what a dropout names and, if it says so, everything inside. What was dropped
// before stays with the earlier report.
func (s *Server) drop(r *report, name string) {
	if i := s.issuedCode(name); i != nil {
		name = i.ki()
	}
	for left := []string{name}; len(left) > 0; {
		serial := left[len(left)-1]
		left = left[:len(left)-1]
		i, p := s.byKI[serial], s.bySerial[serial]
		switch {
		case i != nil && i.dropped == nil:
			i.dropped = r
		case i == nil && p != nil && p.dropped == nil:
			p.dropped = r
		}
		if r.WithChild && p != nil && p.visited != r {
			p.visited = r
			left = append(left, p.Codes...)
		}
	}
}
