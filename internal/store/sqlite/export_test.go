package sqlite

// OpenThrough has the files that are opened from now on opened by another
// driver, until the function that it returns is called.
func OpenThrough(name string) (restore func()) {
	before := driver
	driver = name
	return func() { driver = before }
}
