#!/usr/bin/env moonwire
-- echo.lua [ADDRESS]: pyae's echo server, written as there: file events on descriptors, no handlers. The
-- acceptor is a read event on the listener; each client has a read event, and a write event with a
-- barrier while something is to be sent, so that nothing is answered in the pass that read it.
local READ <const>, PERSIST <const> = EV_READ, EV_PERSIST
local BARRIER <const> = EV_WRITE | EV_BARRIER

local function send(_, client, _, bytes) client:write(bytes) end

local function take(ev, client)
  local bytes = client:take()
  if bytes == "" then  -- readable, with nothing to read: its end
    ev:delete()
    client:finish()
    return
  end
  event(send, bytes, BARRIER, client):add()
end

local server = assert(listen(arg[1] or "127.0.0.1:8047"))
event(function(_, listener)
  event(take, nil, READ | PERSIST, listener:accept()):add()
end, nil, READ | PERSIST, server):add()
print("echo on " .. server.address)
io.stdout:flush()
dispatch()
