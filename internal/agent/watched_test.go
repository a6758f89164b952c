package agent_test

import (
	"linemark/internal/agent"
	"linemark/internal/web/apidoc/apitest"
)

func init() { agent.Watched = apitest.Watch }
