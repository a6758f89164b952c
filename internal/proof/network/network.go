// Package network holds the tests whose figures stand in docs/proof.md: what becomes of the real program,
// beside a simulated plant, when the network between it and each of its peers fails.
package network
