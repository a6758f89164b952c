// Package torture kills the real program beside a simulated plant, again and again, at any moment and at
// every named place where a kill could do harm.
package torture
