// Package load holds the tests of a line PC at its full load for a long time: what it carries, and what
// of it grows.
package load
