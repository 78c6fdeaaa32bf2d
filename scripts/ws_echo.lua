#!/usr/bin/env moonwire
-- ws_echo.lua [ADDRESS]: sends every message back. Default ws://127.0.0.1:8081.
local usage = [[
usage: ws_echo.lua [ADDRESS]
Sends every message of a WebSocket back, text as text, bytes as bytes. ADDRESS is what listen takes,
of ws:// if it does not say (wss://); 127.0.0.1:8081 if left out. Clients may ask for compression.
Exit: 1 cannot listen there, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address = arg[1] or "ws://127.0.0.1:8081"
if address == "--help" then print(usage) os.exit(0) end
if #arg > 1 or address:find "^%-" then fail(2, usage) end
if not address:find "://" then address = "ws://" .. address end

local ok, server, message = pcall(listen, address, { compress = true }, function(ws)
  for text, kind in ws:messages() do ws:write(text, kind) end
end)
if not ok then fail(2, "ws_echo.lua: " .. server) end
if not server then fail(1, "ws_echo.lua: " .. message) end
print("echo on " .. server.address)
io.stdout:flush()
