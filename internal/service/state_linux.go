package service

import (
	"strconv"
	"strings"
)

// stateOf reads what systemctl show has said, a KEY=VALUE a line.
func stateOf(shown string) State {
	value := map[string]string{}
	for line := range strings.Lines(shown) {
		if key, v, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "="); ok {
			value[key] = v
		}
	}
	s := State{Text: value["StatusText"]}
	if load := value["LoadState"]; load == "" || load == "not-found" {
		return State{}
	}
	s.Installed = true
	s.AtBoot = strings.HasPrefix(value["UnitFileState"], "enabled")
	if pid, err := strconv.Atoi(value["MainPID"]); err == nil && pid > 0 {
		s.PID = pid
	}
	switch active := value["ActiveState"]; active {
	case "active", "reloading":
		s.Running, s.State = true, "running"
	case "activating":
		s.State = "starting"
		if value["SubState"] == "auto-restart" {
			s.State = "failed, to be started again in a moment"
		}
	case "deactivating":
		s.State = "stopping"
	case "inactive":
		s.State, s.Text = "stopped", "" // the last word is of how it was stopping
	default:
		s.State = active
	}
	if result := value["Result"]; !s.Running && result != "" && result != "success" {
		s.Text = strings.TrimPrefix(s.Text+"; systemd says: "+result, "; ")
	}
	return s
}
