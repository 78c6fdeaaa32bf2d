--- The manifest: the module ws.
return {
  name = "ws",
  module = "ws",
  title = "The module ws",
  entries = {
    {
      name = "ws.accept",
      signature = "ws.accept(req, res [, options], fn)",
      summary = "Makes a WebSocket of a request of HTTP.",
      args = {
        { name = "req", type = "table", text = "what a handler of http is given" },
        { name = "res", type = "table" },
        { name = "options", type = "ws_accept_options?" },
        { name = "fn", type = "fun(ws: connection, req: table)", text = "called with the "
          .. "WebSocket, which is closed when it returns" },
      },
      options = "ws_accept",
      results = "what fn returns; nothing if the client was refused, which it has been told",
      returns = { "any result" },
      waits = "as long as fn does",
      text = "For handlers of \"http://\" and \"https://\"; routes of an app have app:ws(path "
        .. "[, options], fn).",
      example = [[
local ws = require "ws"
srv = listen("http://:0", function(req, res)
  ws.accept(req, res, function(c) c:write("you asked for " .. req.path) end)
end)
print(connect((srv.address:gsub("^http", "ws")) .. "/chat"):read())
--> you asked for /chat    text]],
    },
    {
      name = "ws.connect",
      signature = "ws.connect(url [, options])",
      options_like = "ws_connect",
      summary = "Connects as connect does, through a proxy if one is named.",
      args = {
        { name = "url", type = "string", host = true, text = "`ws://` or `wss://`" },
        { name = "options", type = "table?", text = "those of connect, and `proxy`: "
          .. "\"http://[user:password@]host:port\" or \"socks5://...\", false for none" },
      },
      results = "the WebSocket; or nil, message, code",
      returns = { "connection? ws", "string? message", "string? code" },
      errors = { { "EACCES", "the proxy refuses" }, { "EPROTO", "the server agrees to no WebSocket" } },
      waits = true,
      text = "Without `proxy` the environment is asked as by http.get, ws:// as http and wss:// as "
        .. "https. There is no `reconnect` through a proxy.",
      example = [[
local ws = require "ws"
srv = listen("ws://:0", function(c) c:write "hello" end)
print(ws.connect(srv.address, { proxy = false }):read())    --> hello    text]],
    },
    {
      name = "ws.group",
      signature = "ws.group([options])",
      summary = "Makes a group of WebSockets that get the same messages.",
      args = { { name = "options", type = "{policy: string?, limit: integer?}?" } },
      results = "the group",
      returns = { "table group" },
      waits = false,
      text = [=[
    group:add(ws), group:remove(ws)   its members; #group is how many
    group:send(message [, kind [, except]])   returns how many get it
    group.dropped                     messages that somebody was too slow for

A member that has more than `limit` bytes (1 MiB) to take yet is dealt with by
`policy`: "wait" has send wait for it; "drop" keeps as many bytes more for it
and drops the oldest of these; "disconnect" closes it with status 1008. Who has closed is a member until the
next send. Connections that are no WebSockets can be members as well.]=],
      example = [[
local group = require("ws").group { policy = "drop" }
srv = listen("ws://:0", function(ws)
  group:add(ws)
  for message in ws:messages() do group:send(message) end
  group:remove(ws)
end)
one, two = connect(srv.address), connect(srv.address)
sleep(0.1)
one:write "hello"
print((one:read()), (two:read()), group.dropped)    --> hello    hello    0]],
    },
    {
      name = "ws.proxy",
      signature = "ws.proxy(address, target [, options])",
      options_like = "ws_listen",
      summary = "Serves WebSockets with a server that speaks plain TCP, as websockify does.",
      args = {
        { name = "address", type = "string|integer", text = "where to listen: \"ws://\" is put in "
          .. "front of one without a scheme" },
        { name = "target", type = "string|integer", text = "whom to connect to, once for each "
          .. "WebSocket" },
        { name = "options", type = "table?", text = "kind: what is sent to browsers, \"binary\" "
          .. "(default) or \"text\"; the others are those of listen" },
      },
      results = "the listener; or nil, message, code",
      returns = { "listener? listener", "string? message", "string? code" },
      errors = { { "EADDRINUSE", "somebody else has the address" } },
      waits = false,
      text = "Messages of either kind go out as the bytes they are. Either end closing closes the other; "
        .. "a server that cannot be reached is told on standard error, and to the client by status "
        .. "1013. Any web page may connect, unless the option `origins` says which.",
      example = [[
local ws = require "ws"
plain = listen(0, function(c) for line in c:lines "L" do c:write(line:upper()) end end)
srv = ws.proxy("127.0.0.1:0", plain.address, { kind = "text" })
c = connect(srv.address)
c:write "hello\n"
print((c:read()):sub(1, -2))        --> HELLO]],
    },
  },
}
