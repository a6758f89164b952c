//go:build race

package agent

// The race detector makes SQLite ten times slower.
func init() { shift /= 4 }
