"""A PLC served by pymodbus. The argument is JSON: port, or device for RTU on a serial port, and
the values of coils, discretes, inputs and holding registers from address zero. It prints the
port once it listens (0 for RTU), and every write of a client as "coil ADDRESS VALUES" or "holding ADDRESS VALUES"."""

import asyncio
import json
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer


class Told(ModbusSequentialDataBlock):
    """A block that tells of each write."""

    def __init__(self, name, values):
        super().__init__(0, values)
        self.name = name

    def setValues(self, address, values):
        values = [int(v) for v in values]
        print(self.name, address, *values, flush=True)
        super().setValues(address, values)


async def main():
    has = json.loads(sys.argv[1])
    slave = ModbusSlaveContext(
        co=Told("coil", has["coils"]),
        di=ModbusSequentialDataBlock(0, has["discretes"]),
        ir=ModbusSequentialDataBlock(0, has["inputs"]),
        hr=Told("holding", has["holding"]),
        zero_mode=True,
    )
    context = ModbusServerContext(slaves=slave, single=True)
    if has["device"]:
        bus = ModbusSerialServer(context, port=has["device"], baudrate=115200, timeout=1)
        await bus.start()
        print(0, flush=True)
        await bus.serve_forever()
        return
    server = ModbusTcpServer(
        context,
        address=("127.0.0.1", has["port"]),
        allow_reuse_address=True,
    )
    serving = asyncio.ensure_future(server.serve_forever())
    await asyncio.wait({serving, server.serving}, return_when=asyncio.FIRST_COMPLETED)
    if server.serving.done():
        print(server.server.sockets[0].getsockname()[1], flush=True)
    await serving


asyncio.run(main())
