#!/usr/bin/env moonwire
-- echo_server.lua [ADDRESS]: gnet's echo server. A client that says nothing for 20 seconds is dropped;
-- one that says "bye" is sent what is still queued, and a word. Default 6000; SIGINT stops it gracefully.
local service = require "service"
io.stdout:setvbuf "line"

local Echo = { recv_buf_size = 256, read_deadline = 20 }

function Echo:connection_made()
  print(("%d: connected from %s"):format(self.session_id, self.peer))
  self:add_inner_task("greeting", function() self:send_data("hello ", self.session_id, "\n") end)
end

function Echo:data_received(data)
  if data == "bye\n" then return self:send_lose "see you\n" end
  self:send_data(data)
end

function Echo:connection_lost(reason) print(("%d: lost, %s"):format(self.session_id, reason)) end

service:add("echo", service.tcp_server { address = arg[1] or 6000, protocol = Echo })
assert(service:start())
print("echo on " .. service.echo.address)
signal("SIGINT", function()
  service:stop()
  os.exit(0)
end)
