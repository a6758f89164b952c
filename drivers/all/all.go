// Package all makes every driver known. A driver is added by its folder and one line here.
package all

import (
	_ "linemark/drivers/plc/modbus"
	_ "linemark/drivers/printer/dynamark"
	_ "linemark/drivers/printer/ngpcl"
	_ "linemark/drivers/printer/sbpl"
	_ "linemark/drivers/printer/sppl"
	_ "linemark/drivers/printer/text"
	_ "linemark/drivers/printer/tspl"
	_ "linemark/drivers/printer/zipher"
	_ "linemark/drivers/printer/zpl"
	_ "linemark/drivers/scanner/dataman"
	_ "linemark/drivers/scanner/keyence"
	_ "linemark/drivers/scanner/text"
)
