// Package all makes every driver known. A driver is added by its folder and one line here.
package all

import (
	_ "linemark/drivers/plc/modbus"
	_ "linemark/drivers/printer/zpl"
	_ "linemark/drivers/scanner/text"
)
