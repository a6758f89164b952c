// A PLC served by modbus-serial. The first argument is the folder of the module, the second JSON: the port,
// and the values of coils, discretes, inputs and holding registers from address zero. It prints the port once it
// listens, and every write of a client as "coil ADDRESS VALUE" or "holding ADDRESS VALUE".
const { ServerTCP } = require(process.argv[2]);
const has = JSON.parse(process.argv[3]);

const get = (area) => (address) => {
  if (address >= has[area].length) throw { modbusErrorCode: 2 };
  return has[area][address];
};
const set = (name, area) => (address, value) => {
  if (address >= has[area].length) throw { modbusErrorCode: 2 };
  has[area][address] = Number(value);
  console.log(name, address, Number(value));
};

const server = new ServerTCP(
  {
    getCoil: get("coils"),
    getDiscreteInput: get("discretes"),
    getInputRegister: get("inputs"),
    getHoldingRegister: get("holding"),
    setCoil: set("coil", "coils"),
    setRegister: set("holding", "holding"),
  },
  { host: "127.0.0.1", port: has.port, unitID: 1 },
);
server.on("initialized", () => console.log(server._server.address().port));
