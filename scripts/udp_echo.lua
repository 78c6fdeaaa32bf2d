#!/usr/bin/env moonwire
-- udp_echo.lua [ADDRESS]: sends every datagram back to where it came from. Default 7000.
local usage = [[
usage: udp_echo.lua [ADDRESS]
Sends every datagram back to where it came from. ADDRESS is a port of this machine, or "host:port";
":7000" is every interface. 7000 if left out.
Exit: 1 cannot listen there, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address = arg[1] or "7000"
if address == "--help" then print(usage) os.exit(0) end
if #arg > 1 or address:find "^%-" then fail(2, usage) end

local ok, sock, message = pcall(listen, "udp://" .. address:gsub("^udp://", ""),
  function(sock, data, from) sock:send(from, data) end)
if not ok then fail(2, "udp_echo.lua: " .. sock) end
if not sock then fail(1, "udp_echo.lua: " .. message) end
print("udp echo on " .. table.concat(sock.addresses, " "))
io.stdout:flush()
