#!/usr/bin/env moonwire
-- proxy.lua [--hex] LISTEN TARGET: stands between a client and a server, and tells what passes.
local usage = [[
usage: proxy.lua [--hex] LISTEN TARGET
Takes connections on LISTEN, makes one to TARGET for each, and passes everything on, both ways; an
end of one direction is passed on as well. Tells the bytes of each connection and of all so far.
--hex shows what passes.
Exit: 1 cannot listen there, 2 usage.]]

local total = { connections = 0, up = 0, down = 0 }

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local addresses, hex = {}, false
for _, word in ipairs(arg) do
  if word == "--help" then print(usage) os.exit(0) end
  if word == "--hex" then hex = true
  elseif word:find "^%-" then fail(2, usage)
  else addresses[#addresses + 1] = word end
end
if #addresses ~= 2 then fail(2, usage) end
io.stdout:setvbuf "line"

-- Up to the end of `from`, then ends that direction of `to`. A failure of either ends both.
local function forward(from, to, title)
  local bytes, message = from:read()
  while bytes do
    if hex then print(title .. "\n" .. hexdump(bytes)) end
    bytes, message = to:write(bytes)
    if bytes then bytes, message = from:read() end
  end
  if message then
    from:close()
    to:close()
  else
    to:shutdown()
  end
end

local function serve(client)
  total.connections = total.connections + 1
  local title = ("#%d %s"):format(total.connections, client.peer or "client")
  local server, message = connect(addresses[2])
  if not server then return print(title .. " refused: " .. message) end
  print(title .. " opened")

  local upward = spawn(forward, client, server, title .. " >")
  forward(server, client, title .. " <")
  upward:join()
  server:flush()  -- what is still queued counts as well
  client:flush()
  server:finish()

  local up, down = client.bytes_in, client.bytes_out
  total.up, total.down = total.up + up, total.down + down
  print(("%s closed: %d bytes up, %d down; all %d: %d up, %d down"):format(
    title, up, down, total.connections, total.up, total.down))
end

local ok, listener, message = pcall(listen, addresses[1], serve)
if not ok then fail(2, "proxy.lua: " .. listener) end
if not listener then fail(1, "proxy.lua: " .. message) end
print(("proxy on %s to %s"):format(listener.address, addresses[2]))
