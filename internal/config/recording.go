package config

import "time"

// leastRecording is what a recording needs at least, in bytes.
const leastRecording = 16 << 20

// checkRecord refuses what says nothing of how sessions are recorded. The domain has the
// same rule, which this package can't ask.
func checkRecord(record string) error {
	if record == "" || record == "off" || record == "all" {
		return nil
	}
	if d, err := time.ParseDuration(record); err != nil || d < 10*time.Second || d > 24*time.Hour {
		return wrong("record", "%q is not off, all or a time from 10s to 24h, such as 5m", record)
	}
	return nil
}

// LargestRecording is max-recording, in bytes; 0: any number.
func (s *Server) LargestRecording() (int64, error) {
	return size("max-recording", s.MaxRecording, leastRecording)
}
