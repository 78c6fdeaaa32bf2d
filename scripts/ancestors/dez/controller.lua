#!/usr/bin/env moonwire
-- controller.lua [SOCKET_ADDRESS [HTTP_ADDRESS]]: dez's SocketController. Two daemons in one program,
-- one of plain sockets and one of HTTP. Whoever asks for /swap?to=WORDS has the first one say these to
-- its clients from then on: the same address is listened on again, with another handler.
local where, web = arg[1] or "127.0.0.1:8888", arg[2] or "http://127.0.0.1:8080"

local function sayer(words)
  return function(conn) conn:finish(words .. "\n") end
end

local daemon = assert(listen(where, sayer "hello"))
local app = require("http").app()
app:get("/swap", function(req)
  assert(listen(daemon.address, sayer(req.query.to or "hello again")))
  return "swapped\n"
end)
local http = assert(listen(web, app))
print(("controller on %s and %s"):format(daemon.address, http.address))
io.stdout:flush()

local function stop()
  print(("stopped after %d connections"):format(daemon.accepted))
  abort()
end
signal("SIGINT", stop)
dispatch()
