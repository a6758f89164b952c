// Draws labels: reads [{"zpl", "file"}, ...] from standard input, writes each as a PNG of
// 60 x 50 mm at 8 dots per mm. One process draws all of them, because it is slow to start.
"use strict";
const fs = require("fs");
const { ready } = require("zpl-renderer-js");

(async () => {
	const { api } = await ready;
	for (const { zpl, file } of JSON.parse(fs.readFileSync(0, "utf8"))) {
		fs.writeFileSync(file, Buffer.from(await api.zplToBase64Async(zpl, 60, 50, 8), "base64"));
	}
	process.exit(0); // the renderer's own runtime never ends
})().catch((err) => {
	console.error(err);
	process.exit(1);
});
