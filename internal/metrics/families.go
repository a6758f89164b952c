package metrics

import "github.com/prometheus/client_golang/prometheus"

// families are all metrics of an agent. Their names are a promise to those who have dashboards and alerts: a name is
// added, never changed. A label is what the configuration names, or one of a few words; never a code, a batch or a
// text.
type families struct {
	all []*prometheus.Desc

	up, reasons, info, started, alarms, configChanged, configProblems *prometheus.Desc

	ledger, codes, received, archived, stockLeft, supplyTrouble *prometheus.Desc

	stationState, stationSince, events, containers, batch, lineWaits *prometheus.Desc

	device, deviceSince *prometheus.Desc

	national, nationalSince, nationalClosed, skew, certificate *prometheus.Desc

	reports, reportAge, reportTrouble *prometheus.Desc

	diskFree, diskSize, diskWarn, diskStop, diskState *prometheus.Desc

	backupAge, backupOK, recordDropped *prometheus.Desc

	shipments, papers, labels *prometheus.Desc

	mqtt, mqttWaiting, mqttTold, mqttDropped, mqttRefused *prometheus.Desc

	commit, verdict, printToScan *prometheus.Desc
}

func newFamilies() *families {
	f := &families{}
	add := func(name, help string, labels ...string) *prometheus.Desc {
		d := prometheus.NewDesc("linemark_"+name, help, labels, nil)
		f.all = append(f.all, d)
		return d
	}
	f.up = add("up", "1 while the agent works, 0 while nothing runs: its page says why.")
	f.reasons = add("degraded_reasons", "Why nothing runs: how many reasons there are.")
	f.info = add("info", "The agent's name and its program's version, always 1.", "agent", "version")
	f.started = add("start_timestamp_seconds", "When the agent was started, with its configuration.")
	f.alarms = add("alarms_total", "Alarms raised since the agent's start.")
	f.configChanged = add("config_changed", "1 if the configuration's file is another one than the one in force.")
	f.configProblems = add("config_problems", "Problems of the file that keep it from being taken over.")

	f.ledger = add("ledger_ok", "1 while the ledger takes writes, 0 while nothing may be printed.")
	f.codes = add("codes", "Codes in the ledger by their state; in_stock is what is left to print.", "product", "state")
	f.received = add("codes_received_total", "Codes received from the national system or a file.", "product")
	f.archived = add("codes_archived_total", "Codes that have left the ledger for archives.", "product")
	f.stockLeft = add("stock_left_seconds", "How long the stock lasts at the speed of the last minutes; absent while nothing is used.", "product")
	f.supplyTrouble = add("supply_trouble", "1 while new codes of the product cannot be had.", "product")

	f.stationState = add("station_state", "1 for the state in which a station is: running, waiting, stopped.", "line", "station", "kind", "state")
	f.stationSince = add("station_state_timestamp_seconds", "Since when a station is in its state.", "line", "station", "kind")
	f.events = add("station_events_total", "What a station has counted since the agent's start, such as read, verified, rejected, printed.", "line", "station", "kind", "event")
	f.containers = add("containers", "Containers of a pack station: open, full (waiting for a label), closed, aside.", "line", "station", "state")
	f.batch = add("batch_running", "1 while a batch runs on the line.", "line")
	f.lineWaits = add("line_waits_for_batch", "1 while nothing is marked on the line until a person starts a batch that allows it.", "line")

	f.device = add("device_up", "1 while a printer, scanner or PLC answers.", "device", "kind")
	f.deviceSince = add("device_state_timestamp_seconds", "Since when a device answers, or does not.", "device", "kind")

	f.national = add("national_system_up", "1 while the national system answers as it should.")
	f.nationalSince = add("national_system_state_timestamp_seconds", "Since when the national system answers, or does not; absent before the first call.")
	f.nationalClosed = add("national_system_probes_only", "1 while nothing but probes is sent to the national system, because nothing was answered.")
	f.skew = add("clock_skew_seconds", "The national system's clock minus this PC's; absent before its first answer.")
	f.certificate = add("certificate_end_timestamp_seconds", "When this PC's certificate for the national system ends; absent without one.")

	f.reports = add("reports", "Reports in the outbox by their state: sent has arrived, rejected and unclear wait for a person.", "kind", "state")
	f.reportAge = add("report_oldest_age_seconds", "How old the oldest report is whose fate is not known yet; 0 if there is none.", "kind")
	f.reportTrouble = add("report_trouble", "1 while reports cannot be built or sent.")

	f.diskFree = add("disk_free_bytes", "Room on the ledger's disk.")
	f.diskSize = add("disk_size_bytes", "Size of the ledger's disk.")
	f.diskWarn = add("disk_warn_bytes", "Below so much room there is an alarm.")
	f.diskStop = add("disk_stop_bytes", "Below so much room nothing is printed.")
	f.diskState = add("disk_state", "1 for the level of the ledger's disk: enough, low, full.", "state")

	f.backupAge = add("backup_age_seconds", "Age of the newest backup; absent where none is made or none was seen.")
	f.backupOK = add("backup_ok", "1 while backups can be made, 0 if the last one failed; absent where none is made.")
	f.recordDropped = add("record_dropped_total", "Records that the flight recorder has lost; absent while it is off.")

	f.shipments = add("shipments", "Shipments by state: open, complete; absent where there are none.", "state")
	f.papers = add("shipping_papers", "Papers of shipments that are not there: waiting, failed.", "state")
	f.labels = add("shipping_labels", "Labels of shipments that are not printed: to_print, attention (a person must look).", "state")

	f.mqtt = add("mqtt_up", "1 while the MQTT broker takes messages; absent where none is configured.")
	f.mqttWaiting = add("mqtt_queue", "Messages that wait for the MQTT broker.")
	f.mqttTold = add("mqtt_told_total", "Values and messages that the MQTT broker has taken.")
	f.mqttDropped = add("mqtt_dropped_total", "Messages dropped because too many waited for the MQTT broker.")
	f.mqttRefused = add("mqtt_refused_total", "Values and messages that the MQTT broker has refused.")

	f.commit = add("commit_seconds", "How long a write of the lines took until it was on disk, with the wait for others.")
	f.verdict = add("verdict_seconds", "How long it took from a reading until all that follows from it was done: the ledger has it, and the PLC has taken the verdict.", "line", "station")
	f.printToScan = add("print_to_scan_seconds", "How long it took from handing a label to its printer until its product was read as good.", "line", "station")
	return f
}
