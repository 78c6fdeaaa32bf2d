#!/usr/bin/env moonwire
-- nc.lua [-l] ADDRESS: joins standard input and output to a connection.
local usage = [[
usage: nc.lua [-l] ADDRESS
Connects to ADDRESS, or with -l waits for one client there; then each line of standard input goes to
the peer and what the peer sends comes out. At the end of the input our direction ends; the peer's
end ends the program.
Exit: 0 the peer has ended, 1 no connection, or it was lost, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local listening = arg[1] == "-l"
local address = arg[listening and 2 or 1]
if address == "--help" then print(usage) os.exit(0) end
if not address or address:find "^%-" or #arg > (listening and 2 or 1) then fail(2, usage) end

local function meet()
  if not listening then return connect(address) end
  local server <close>, message = listen(address)
  if not server then return nil, message end
  io.stderr:write("listening on ", server.address, "\n")
  return server:accept()
end

local ok, peer, message = pcall(meet)
if not ok then fail(2, "nc.lua: " .. peer) end
if not peer then fail(1, "nc.lua: " .. message) end

-- Once there is something to read the task stays with it, as lines that stdio holds back already
-- do not make descriptor 0 readable again.
read(0, function()
  local line = io.read "L"
  while line and peer:write(line) do line = io.read "L" end
  peer:shutdown()
end)

local bytes
repeat
  bytes, message = peer:read()
  io.write(bytes or "")
  io.stdout:flush()
until not bytes
if message then fail(1, "nc.lua: " .. message) end
peer:finish()
os.exit(0)
