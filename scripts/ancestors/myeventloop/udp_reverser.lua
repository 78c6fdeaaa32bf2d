#!/usr/bin/env moonwire
-- udp_reverser.lua [ADDRESS]: My Event Loop's UDP sample, the server: sends every datagram back reversed.
-- Default 127.0.0.1:6666.
local handler = require "handler"
io.stdout:setvbuf "line"

local Reverser = {}
function Reverser:recv_callback(from, datagram)
  self:debug(("%d bytes of %s"):format(#datagram, from))
  self:sendto(from, datagram:reverse())
end

local server = assert(handler.udp(arg[1] or "127.0.0.1:6666", Reverser, "reverser"))
print("reversing on " .. server.address)
dispatch()
