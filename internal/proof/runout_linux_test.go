package proof

// runOut lets the last products pass and all reports go, stops the agent and judges what is on the disk.
func (r *rig) runOut() []finding {
	r.t.Helper()
	r.hold()
	r.Settled()
	r.Stop()
	if err := r.unplug(); err != nil {
		r.t.Errorf("taking the disk out: %v", err)
	}
	r.disk.Cut()
	r.disk.LetGo()
	r.disk.Restore(r.random)
	return r.judgeCopy()
}
