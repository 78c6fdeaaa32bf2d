#!/usr/bin/env moonwire
-- chat.lua [ADDRESS]: a room where each line goes to everybody else. Default 7001.
local usage = [[
usage: chat.lua [ADDRESS]
A room for anybody with nc or telnet: each line goes to everybody else. ADDRESS is whatever listen
takes, 7001 if left out. In the room: /nick NAME, /who, /quit. Who does not read what the others say
is put out, and holds nobody up.
Exit: 1 cannot listen there, 2 usage.]]

local patience = 256 * 1024 -- bytes that may wait for one client, well below high_water
local members = {}          -- name -> connection
local arrivals = 0

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

-- Never waits: a queue this short is never full.
local function tell(client, ...)
  if client.queued > patience then client:abort() else client:write(...) end
end

local function tell_others(client, ...)
  for _, other in pairs(members) do
    if other ~= client then tell(other, ...) end
  end
end

-- Each takes the connection, its name, the rest of the line; returns the name from now on.
local commands = {}

function commands.nick(client, name, wanted)
  if not wanted:find "^[%w_-]+$" or #wanted > 20 then
    tell(client, "* a name is up to 20 letters, digits, _ and -\n")
  elseif members[wanted] then
    tell(client, "* ", wanted, " is taken\n")
  else
    members[name], members[wanted] = nil, client
    tell_others(nil, "* ", name, " is now ", wanted, "\n")
    return wanted
  end
  return name
end

function commands.who(client, name)
  local names = {}
  for each in pairs(members) do names[#names + 1] = each end
  table.sort(names)
  tell(client, "* here: ", table.concat(names, " "), "\n")
  return name
end

local function serve(client)
  arrivals = arrivals + 1
  local name = "guest #" .. arrivals -- none that /nick can take
  members[name] = client
  tell_others(client, "* ", name, " joined\n")
  tell(client, "* you are ", name, "; /nick NAME, /who, /quit\n")
  for line in client:lines() do
    local text = line:gsub("%c", "")
    local word, rest = text:match "^/(%a*)%s*(.-)%s*$"
    if word == "quit" then break end
    if not word then tell_others(client, name, ": ", text, "\n")
    elseif commands[word] then name = commands[word](client, name, rest)
    else tell(client, "* no /", word, "; there are /nick NAME, /who, /quit\n") end
  end
  members[name] = nil
  tell_others(client, "* ", name, " left\n")
end

local address = arg[1] or "7001"
if address == "--help" then print(usage) os.exit(0) end
if #arg > 1 or address:find "^%-" then fail(2, usage) end

local ok, server, message = pcall(listen, address, { max_line = 4096 }, serve)
if not ok then fail(2, "chat.lua: " .. server) end
if not server then fail(1, "chat.lua: " .. message) end
print("chat on " .. server.address)
io.stdout:flush()
