--- The manifest: what only connections have that are WebSockets.
return {
  methods = {
    {
      name = "messages",
      signature = "connection:messages()",
      summary = "Iterates over the messages of a WebSocket.",
      results = "an iterator for the generic for: message, kind",
      returns = { "fun(ws: connection): string?, string? iterator", "connection ws" },
      waits = "in each step of the loop",
      text = "It ends when the peer has closed, or at a failure; then connection.failure tells why.",
      example = [[
srv = listen("ws://:0/", function(ws) ws:write("one") ws:write("\1\2", "binary") end)
for message, kind in connect(srv.address):messages() do print(#message, kind) end
--> 3    text
--> 2    binary]],
    },
    {
      name = "ping",
      signature = "connection:ping([data])",
      summary = "Sends a WebSocket's ping; the answer sets connection.latency.",
      args = { { name = "data", type = "string?", text = "at most 125 bytes, which come back" } },
      results = "true; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "ECLOSED", "it is not open, or closing" } },
      waits = false,
      text = "Pings that are due by `ping_interval` leave by themselves.",
      example = [[
srv = listen("ws://:0/", function(ws) ws:read() end)
ws = connect(srv.address)
ws:ping()
sleep(0.1)
print(ws.latency < 0.1)             --> true]],
    },
  },
  fields = {
    { name = "protocol", type = "string?",
      summary = "The subprotocol that a WebSocket has agreed on." },
    { name = "request", type = "websocket_request?",
      summary = "What a client opened a WebSocket with; headers have names in small letters." },
    { name = "latency", type = "number?",
      summary = "Seconds between a WebSocket's last ping and its answer." },
    { name = "close_code", type = "integer?",
      summary = "The status that a WebSocket's peer closed with: 1005 none, 1006 no word." },
    { name = "close_reason", type = "string?", summary = "The reason that it gave." },
  },
  records = {
    { name = "websocket_request", fields = { { name = "method", type = "string" },
      { name = "target", type = "string" }, { name = "path", type = "string" },
      { name = "query", type = "string?" }, { name = "headers", type = "table<string, string>" } } },
  },
}
