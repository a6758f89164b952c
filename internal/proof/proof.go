// Package proof holds the tests whose figures stand in docs/proof.md: what becomes of the real
// program, beside a simulated plant, when the machine under it fails.
package proof
