#!/usr/bin/env moonwire
-- tls_echo.lua [OPTIONS] [ADDRESS]: sends every byte back inside TLS; or, with --to, is the client.
local usage = [[
usage: tls_echo.lua [--cert FILE] [--key FILE] [--client-ca FILE] [ADDRESS]
       tls_echo.lua --to [--ca FILE] [--pin PIN] [--cert FILE] [--key FILE] ADDRESS
Sends every byte back inside TLS. ADDRESS is whatever listen takes, 7443 if left out. Files are PEM;
without --cert a certificate is made up, and the pin printed that knows it. --client-ca: clients must
show a certificate that was signed there. --to: sends standard input, prints what comes back; the
server's certificate must be good for the system, or signed in --ca, or have the key of --pin.
Exit: 0 the client is through, 1 no listening there or no connection, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local given = {}
local takes_value = { cert = true, key = true, ca = true, pin = true, ["client-ca"] = true }
local i = 1
while arg[i] do
  local name = arg[i]:match "^%-%-(.*)"
  if name == "help" then print(usage) os.exit(0) end
  if name == "to" then
    given.to = true
  elseif name and takes_value[name] and arg[i + 1] then
    given[name], i = arg[i + 1], i + 1
  elseif name or given.address or arg[i]:find "^%-" then
    fail(2, usage)
  else
    given.address = arg[i]
  end
  i = i + 1
end
if given.to and not given.address or given.to and given["client-ca"] then fail(2, usage) end

local function check(ok, result, message)
  if not ok then fail(2, "tls_echo.lua: " .. result) end
  if not result then fail(1, "tls_echo.lua: " .. message) end
  return result
end

local address = "tls://" .. (given.address or "7443"):gsub("^tls://", "")
local tls = { cert = given.cert, key = given.key, pin = given.pin, ca = given["client-ca"] or given.ca,
  client_auth = given["client-ca"] and "require" }

if not given.to then
  local server = check(pcall(listen, address, { tls = tls }, function(client)
    client:pipe(client)
  end))
  print("tls echo on " .. server.address .. (server.tls.ca and ", pin " .. server.tls.pin or ""))
  io.stdout:flush()
  return
end

local server = check(pcall(connect, address, { tls = tls }))
spawn(function()
  for line in io.lines(nil, "L") do server:write(line) end
  server:shutdown()
end)
local bytes, message
repeat
  bytes, message = server:read()
  io.write(bytes or "")
  io.stdout:flush()
until not bytes
if message then fail(1, "tls_echo.lua: " .. message) end
os.exit(0)
