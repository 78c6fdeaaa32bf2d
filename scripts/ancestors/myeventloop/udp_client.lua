#!/usr/bin/env moonwire
-- udp_client.lua ADDRESS: My Event Loop's UDP sample, the client: sends datagrams of 2 to 10 bytes, and one
-- of none, and prints what comes back. Exit: 0 all came, 1 not within 5 seconds.
local handler = require "handler"
assert(arg[1], "usage: udp_client.lua ADDRESS")

local Client = { count = 0 }
function Client:recv_callback(from, datagram)
  print(("%q"):format(datagram))
  self.count = self.count + 1
  if self.count == 10 then self:destroy() end
end

local client = assert(handler.udp("127.0.0.1:0", Client))
for size = 2, 10 do client:sendto(arg[1], ("0123456789"):sub(1, size)) end
client:sendto(arg[1], "")
client:timeout("patience", 5, function() os.exit(1) end)
dispatch()
