#!/usr/bin/env moonwire
-- socket_daemon.lua [ADDRESS]: a server in the manner of dez, by the names of pyevent. Default 7000.
local usage = [[
usage: socket_daemon.lua [ADDRESS]
Accepts by hand, in a read event of the listening socket, and gives each connection to a callback,
which sends back every line. Ctrl-C ends it.
Exit: 0 interrupted, 1 cannot listen there, 2 usage.]]

require("rel").override()
local event = require "event"

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address = arg[1] or "7000"
if address == "--help" then print(usage) os.exit(0) end
if #arg > 1 or address:find "^%-" then fail(2, usage) end

-- Accepts whoever waits, and stays armed by returning true.
local function accept(server, callback)
  local connection, message = server:accept { timeout = 0 }
  if connection then
    spawn(callback, connection)
  else
    print("abandoning connection: " .. message)
  end
  return true
end

local function echo(connection)
  for line in connection:lines "L" do connection:write(line) end
  connection:finish()
end

local ok, server, message = pcall(listen, address)
if not ok then fail(2, "socket_daemon.lua: " .. server) end
if not server then fail(1, "socket_daemon.lua: " .. message) end
event.read(server, accept, server, echo)
event.signal("SIGINT", event.abort)
io.stdout:setvbuf "line"
print("daemon on " .. server.address)
event.dispatch()
print "interrupted"
