// Package code knows what a marking code is made of: product groups, the identification
// code, GS1 element strings, check digits, SSCC. It never changes a code's bytes.
package code

// GS separates variable-length elements of a GS1 element string (ASCII 29).
const GS = '\x1d'

// Code is a full marking code or an identification code: opaque bytes in the order in
// which the national system issued them, GS included and without a leading FNC1. It need
// not be valid UTF-8. Being a string it is immutable and comparable.
type Code string

// Type is the kind of package a code is for (the document's cisType, dictionary 5.10).
type Type string

// The two kinds of codes.
const (
	Unit  Type = "UNIT"
	Group Type = "GROUP"
)
