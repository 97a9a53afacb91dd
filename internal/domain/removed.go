package domain

import "time"

// RemovedFiles names files whose rows are gone, and which are to go too.
type RemovedFiles struct {
	Num        int64 // in the order of their removal
	ProjectID  string
	SessionID  string
	ArtifactID string // or LogFile; empty: all files of the session
	RemovedAt  time.Time
}

// Key is where the file is in the artifact store or, of all files of a session,
// what their keys begin with.
func (r RemovedFiles) Key() string { return r.ProjectID + "/" + r.SessionID + "/" + r.ArtifactID }

// LogFile stands in the place of an artifact's id for the session's log.
const LogFile = "log"

// LogKey is where the log of a session that has ended is in the artifact store.
func LogKey(project, session string) string { return project + "/" + session + "/" + LogFile }
