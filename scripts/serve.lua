#!/usr/bin/env moonwire
-- serve.lua ADDRESS COMMAND [ARGUMENT...]: a program for each client, as inetd does.
local process = require "process"

local usage = [[
usage: serve.lua ADDRESS COMMAND [ARGUMENT...]
Starts COMMAND for each client of ADDRESS; its standard input and output are the connection, and
$PEER is the client's address. A client that it cannot be started for is sent away.
Exit: 1 cannot listen there, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local address = arg[1]
if address == "--help" then print(usage) os.exit(0) end
if #arg < 2 or address:find "^%-" then fail(2, usage) end

local function log(...)
  print(...)
  io.stdout:flush()
end

local function serve(client)
  local peer = client.peer
  local command = table.move(arg, 2, #arg, 1, { stdin = client, stdout = client,
    stderr = "inherit", env = { PEER = peer } })
  local program, message = process.spawn(command)
  if not program then return log(peer .. ": " .. message) end
  local _, how, code = program:wait()
  log(("%s: %s %d"):format(peer, how, code))
end

local ok, server, message = pcall(listen, address, serve)
if not ok then fail(2, "serve.lua: " .. server) end
if not server then fail(1, "serve.lua: " .. message) end
log("serving " .. arg[2] .. " on " .. server.address)
