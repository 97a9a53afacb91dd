package domain

import (
	"slices"
	"time"
)

// Project keeps what belongs together apart from everything else.
type Project struct {
	ID        string
	Name      string
	Sessions  int // that may have a browser at once, further ones wait; 0: any number
	CreatedAt time.Time
}

// Role says what an API key may do. Each role may do what those before it may.
type Role string

// The roles, the weakest first.
const (
	RoleViewer   Role = "viewer"   // reads its project
	RoleProject  Role = "project"  // also changes what is in it
	RoleOperator Role = "operator" // also what concerns all projects: keys, projects
)

// Roles lists them, the weakest first.
var Roles = []Role{RoleViewer, RoleProject, RoleOperator}

// May says whether the role includes another. One that is not in the list
// includes nothing and is included in nothing.
func (r Role) May(needed Role) bool {
	has, wants := slices.Index(Roles, r), slices.Index(Roles, needed)
	return wants >= 0 && has >= wants
}

// APIKey lets its holder act for a project. Only a hash of it is stored.
type APIKey struct {
	ID        string
	ProjectID string
	Role      Role
	Name      string
	Prefix    string // the first KeyPrefixLength characters, to find it and to show it
	Hash      []byte // SHA-256 of the whole key
	CreatedAt time.Time
	RevokedAt time.Time // zero: valid
}

// KeyPrefixLength is how much of an API key is kept readable: "bh_" and eight more.
const KeyPrefixLength = 11

// SignIn is somebody who is signed in to the dashboard, and acts as a key. Only a hash
// of what they show for it is stored.
type SignIn struct {
	Hash      []byte // SHA-256 of the token
	KeyID     string
	CreatedAt time.Time
	SeenAt    time.Time // when it was used last, about
}

const (
	// SignInIdle is after how long unused a sign-in is over.
	SignInIdle = 12 * time.Hour
	// SignInFor is after how long one is over in any case.
	SignInFor = 7 * 24 * time.Hour
)
