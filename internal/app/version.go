package app

// Release is the version of this program, or the last one before it: the newest in the
// changelog. It is what the API's description in the repository says.
const Release = "0.1.0"

// Version is the program's own. A build of another commit than the release's sets it to
// "0.1.0+g" and the commit (scripts/version).
var Version = Release
