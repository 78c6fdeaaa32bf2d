#!/usr/bin/env moonwire
-- message_sender.lua ADDRESS MESSAGE...: the client of the message printer. It sends before it is connected,
-- and gives up when that takes 5 seconds. Exit: 0 all was printed, 1 it was not.
local handler = require "handler"
assert(arg[2], "usage: message_sender.lua ADDRESS MESSAGE...")

local Sender = { answers = 0 }
local status = 1

function Sender:connection_callback(ok, message)
  self.limit:cancel()
  if not ok then self:error("cannot connect:", message) end
end

function Sender:recv_callback(latest)
  io.write(latest)
  self.answers = self.answers + select(2, latest:gsub("\n", ""))
  if self.answers < #arg - 1 then return end
  status = 0
  self:destroy()
end

function Sender:destroyed_callback() os.exit(status) end

local sender = handler.tcp_client(arg[1], Sender)
sender.limit = sender:timeout("connect", 5, function() sender:destroy() end)
for i = 2, #arg do sender:send(arg[i] .. "\n") end
dispatch()
