package main

import "os"

// The configuration of the plant names its token by this variable: all programs that are begun here have it.
func init() { os.Setenv("LINEMARK_IZKM_TOKEN", "1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f") }
