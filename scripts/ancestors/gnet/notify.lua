#!/usr/bin/env moonwire
-- notify.lua [ADDRESS]: gnet's service with members that are told things together. What a client of the
-- room says is a notify("*"): the room tells all its clients, the counter counts. Default 6002.
local service = require "service"
io.stdout:setvbuf "line"

local Guest = {}
function Guest:data_received(data) service:notify("*", self.session_id, data) end

local room = service:add("room", service.tcp_server { address = arg[1] or 6002, protocol = Guest })
room.on_notify = function(from, text)
  for guest in pairs(room.protocols) do guest:send_data(from, ": ", text) end
end

local heard = 0
service.counter = { on_notify = function(from, text)
  heard = heard + 1
  print(("%d notices, the last of %d: %s"):format(heard, from, shorten((text:gsub("\n", "")), 40)))
end }

assert(service:start())
print("room on " .. room.address)
service:notify({ "counter" }, 0, "started\n")
