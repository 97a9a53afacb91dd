package recording

import (
	"testing"
	"time"
)

// HurryVideos has videos be made within a time, and looks for room each so often.
func HurryVideos(t *testing.T, within, every time.Duration) {
	t.Helper()
	ownWithin, ownEvery := videoWithin, roomEvery
	t.Cleanup(func() { videoWithin, roomEvery = ownWithin, ownEvery })
	videoWithin, roomEvery = within, every
}
