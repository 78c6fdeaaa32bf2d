// node hello.js PORT: the same with node's own server.
require("http").createServer((request, response) => response.end("hello\n"))
  .listen(Number(process.argv[2]), "127.0.0.1");
