#!/usr/bin/env moonwire
-- message_printer.lua [ADDRESS]: My Event Loop's message printer: every client sends messages, a line each,
-- which are printed; one that says nothing for 30 seconds is let go. Default 6666.
local handler = require "handler"
io.stdout:setvbuf "line"

local Printer = {}

function Printer:connected_callback()
  self:info "connected"
  self.silence = self:timeout("silence", 30, function() self:destroy() end)
end

function Printer:recv_callback()
  self.silence:restart()
  for message in self.recv_buf:gmatch "(.-)\n" do
    print(("%s says %s"):format(self.label, message))
    self:send(("%d bytes printed\n"):format(#message))
  end
  self.recv_buf = self.recv_buf:match "[^\n]*$"
end

function Printer:destroyed_callback() self:info "gone" end

local server = assert(handler.tcp_listener(arg[1] or 6666, Printer))
print("printing what comes to " .. server.address)
dispatch()
