package config

import "time"

func (c *Config) setDefaults() {
	c.Agent.Language = "ru"
	c.HTTP.Listen = defaultListen
	c.Report.WhenInDoubt = doubtResend
	c.Record.Size = defaultRecord
	c.Report.Utilisation = Utilisation{UsageType: usageVerified, Every: 5 * time.Minute, MaxCodes: maxUtilisation}
	c.Report.Aggregation = Aggregation{Every: 5 * time.Minute, MaxCodes: maxAggregation}
}

func (k *IZKM) setDefaults() {
	k.Timeout = 30 * time.Second
	k.Rate = 10
	k.GroupTable = tableSecond
	k.CloseBody = closeNone
}

func (p *Product) setDefaults() {
	p.CISType = "UNIT"
	p.ReleaseMethod = "PRODUCTION"
	p.LowWater = 2000
	p.OrderQuantity = 10000
	p.BlockQuantity = 1000
}

func (l *Line) setDefaults() { l.CountLimit = limitUnsaid }

func (s *Station) setDefaults() {
	s.Ahead = 8
	s.StopAfter = 3
	s.SilentAfter = 20
	s.Pulse = 20 * time.Millisecond
	s.Within = 2 * time.Second
	s.Window = 64
	s.HealAfter = 3
	s.VerdictGood, s.VerdictReject = 1, 2
	s.Match = 100 * time.Millisecond
	s.PackMode = PackStream
	s.Unverified = unverifiedAccept
	s.SignalFor = time.Second
	s.Every = 5 * time.Minute
	s.Reenter = reenterBehind
}
