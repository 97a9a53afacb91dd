package recording

import (
	"testing"
	"time"
)

// HurryVideos has videos be made within a time, and looks for room each so often.
func HurryVideos(t *testing.T, within, every time.Duration) {
	t.Helper()
	ownWithin, ownEvery := videoWithin, diskCheckEvery
	t.Cleanup(func() { videoWithin, diskCheckEvery = ownWithin, ownEvery })
	videoWithin, diskCheckEvery = within, every
}
