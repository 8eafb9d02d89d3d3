const http = require("node:http");
const ms = require("ms");

const started = Date.now();
const greeting = process.env.GREETING || "Hello from paas";

const server = http.createServer((request, response) => {
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`${greeting}! up for ${ms(Date.now() - started, { long: true })}\n`);
});
server.listen(process.env.PORT || 5000);
process.on("SIGTERM", () => server.close());
