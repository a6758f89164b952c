package supply

import (
	"testing"
	"testing/synctest"
	"time"
)

// Orders that end without their codes come at growing distances: each may cost money.
func TestHoldGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &Keeper{}
		for _, want := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, time.Hour} {
			k.hold()
			if got := time.Until(k.holdUntil); got != want {
				t.Errorf("the next order waits %v, want %v", got, want)
			}
		}
	})
}
