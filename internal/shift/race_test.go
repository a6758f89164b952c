//go:build race

package shift

// The race detector makes SQLite ten times slower.
func init() { short = 6 }
