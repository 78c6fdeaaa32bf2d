#!/usr/bin/env moonwire
-- websocket_daemon.lua [ADDRESS [PLAIN_ADDRESS]]: dez's WebSocketDaemon in its JSON mode: each message
-- comes back behind the number it has. With PLAIN_ADDRESS it is dez's WebSocketProxy instead: browsers
-- talk to the server of plain TCP that is there.
local json = require "json"
local address, plain = arg[1] or "ws://127.0.0.1:8081", arg[2]

local function number_messages(ws)
  local count = 0
  for message in ws:messages() do
    count = count + 1
    ws:write(json.encode { count, json.decode(message) or json.null })
  end
end

local server
if plain then
  server = assert(require("ws").proxy(address, plain, { kind = "text" }))
else
  server = assert(listen(address, number_messages))
end
print("websockets on " .. server.address)
io.stdout:flush()
signal("SIGINT", abort)
dispatch()
