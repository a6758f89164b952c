package main

import "os"

// removeMade removes what tests have made for each other.
func removeMade() { os.RemoveAll(made.dir) }
