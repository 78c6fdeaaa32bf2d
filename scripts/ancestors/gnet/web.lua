#!/usr/bin/env moonwire
-- web.lua [ADDRESS]: gnet's web server: a page at "/", and at "/ws" a WebSocket that echoes, on one port,
-- with a line for each answer. Default 127.0.0.1:6001.
local http, service = require "http", require "service"
io.stdout:setvbuf "line"

local app = http.app()
app:get("/", function() return "<h1>hello world</h1>" end)
app:ws("/ws", function(ws)
  for message in ws:messages() do ws:write(message) end
end)

local web = service.web_server { address = arg[1] or "127.0.0.1:6001", app = app,
  log = function(line) io.write(line) end }
assert(web:start())
print("web on " .. web.address)
