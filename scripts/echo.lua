#!/usr/bin/env moonwire
-- echo.lua [ADDRESS]: sends every byte back until the client leaves. Default 7000.
local usage = [[
usage: echo.lua [ADDRESS]
Sends every byte back until the client leaves. ADDRESS is whatever listen takes, 7000 if left out.
Exit: 1 cannot listen there, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address = arg[1] or "7000"
if address == "--help" then print(usage) os.exit(0) end
if #arg > 1 or address:find "^%-" then fail(2, usage) end

local ok, server, message = pcall(listen, address, function(client)
  local bytes = client:read()
  while bytes do
    client:write(bytes)
    bytes = client:read()
  end
end)
if not ok then fail(2, "echo.lua: " .. server) end
if not server then fail(1, "echo.lua: " .. message) end
print("echo on " .. server.address)
io.stdout:flush()
