#!/usr/bin/env moonwire
-- reconnecting_client.lua ADDRESS [DELAY]: gnet's reconnecting client. It says "ooxx" every second and
-- prints what comes back; after a loss it is there again at once, or DELAY seconds (10) after each attempt.
local service = require "service"
io.stdout:setvbuf "line"
assert(arg[1], "usage: reconnecting_client.lua ADDRESS [DELAY]")

local Client = {}

function Client:connection_made()
  print("connected to " .. self.peer)
  self:add_inner_task("speaker", function()
    while self:send_data "ooxx\n" do sleep(1) end
  end)
end

function Client:data_received(data) io.write(data) end
function Client:connection_lost(reason) print("lost: " .. reason) end

local client = service.reconnecting_client { address = arg[1], protocol = Client,
  reconnect_delay = tonumber(arg[2] or 10) }
client:start()
