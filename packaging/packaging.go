// Package packaging holds the texts that packages install and that linemark service install
// writes: there is one of each.
package packaging

import _ "embed"

// Unit is the systemd unit, as a package installs it to /usr/lib/systemd/system/linemark.service.
//
//go:embed linux/linemark.service
var Unit string

// Sysusers is the account the unit runs under, as a package installs it to
// /usr/lib/sysusers.d/linemark.conf.
//
//go:embed linux/linemark.sysusers
var Sysusers string

// Tmpfiles is the folder of the configuration, as a package installs it to
// /usr/lib/tmpfiles.d/linemark.conf.
//
//go:embed linux/linemark.tmpfiles
var Tmpfiles string
