#!/usr/bin/env moonwire
-- socket_controller.lua [ADDRESS...]: one loop for daemons on several addresses, as dez has it.
local usage = [[
usage: socket_controller.lua [ADDRESS...]
Listens on each ADDRESS. "shout" as a line swaps what answers there from then on: lines come back
as they are, then in capitals, and so on. Ctrl-C tells how many connections there were, and ends it.
Exit: 0 interrupted, or no address, 1 cannot listen there, 2 usage.]]

local rel = require "rel"

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

if arg[1] == "--help" then print(usage) os.exit(0) end
for _, word in ipairs(arg) do
  if word:find "^%-" then fail(2, usage) end
end

local controller = { daemons = {}, count = 0 }

--- The same address again gives the daemon that is there another callback, and no more.
function controller:register_address(address, callback)
  local daemon = self.daemons[address]
  if not daemon then
    local ok, server, message = pcall(listen, address, function(connection)
      self.count = self.count + 1
      return self.daemons[address].callback(connection, address)
    end)
    if not ok then fail(2, "socket_controller.lua: " .. server) end
    if not server then fail(1, "socket_controller.lua: " .. message) end
    daemon = { server = server }
    self.daemons[address] = daemon
    print("daemon on " .. server.address)
  end
  daemon.callback = callback
  return daemon
end

--- Runs until SIGINT, which calls onstop first.
function controller:start(onstop)
  if not next(self.daemons) then
    print "nowhere to listen: register_address(address, callback) names a place"
    return
  end
  rel.signal("SIGINT", function()
    if onstop then onstop() end
    rel.abort()
  end)
  rel.dispatch()
end

local function answering(change, other)
  return function(connection, address)
    for line in connection:lines() do
      if line == "shout" then controller:register_address(address, other()) end
      connection:write(change(line), "\n")
    end
  end
end

local plain, loud
plain = answering(function(line) return line end, function() return loud end)
loud = answering(string.upper, function() return plain end)

io.stdout:setvbuf "line"
for _, address in ipairs(arg) do controller:register_address(address, plain) end
controller:start(function() print(controller.count .. " connections") end)
