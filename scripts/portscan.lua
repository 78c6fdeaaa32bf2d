#!/usr/bin/env moonwire
-- portscan.lua [-4|-6] [-n COUNT] [-t SECONDS] HOST PORTS: which TCP ports of a host are open.
local usage = [[
usage: portscan.lua [-4|-6] [-n COUNT] [-t SECONDS] HOST PORTS
Tries to connect to each of PORTS, like 22 or 1-1024,8080, and lists those that are open, with the
names that /etc/services has for them. Of a host with several addresses the first of each family is
scanned. Progress is told on standard error if that is a terminal. Ctrl-C ends it early.
-4, -6      only this family
-n COUNT    so many attempts at a time, default 200
-t SECONDS  the longest that each may take, default 2; what has not answered by then is silent
Exit: 0 a port is open, 1 none is, or the host is unknown, 2 usage, 130 stopped.]]

local dns = require "dns"

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local function complain(...) fail(2, "portscan.lua: " .. string.format(...)) end

-- --- arguments ------------------------------------------------------------------------

local family, at_a_time, patience = nil, 200, 2
local words = table.move(arg, 1, #arg, 1, {})

local function number_after(option, least, most)
  local text = table.remove(words, 1) or fail(2, usage)
  local number = tonumber(text)
  if not number or number < least or number > most then
    complain("%s: from %g to %g, not %s", option, least, most, text)
  end
  return number
end

while words[1] and words[1]:find "^%-" do
  local word = table.remove(words, 1)
  if word == "--help" then print(usage) os.exit(0) end
  if word == "-4" then family = "A"
  elseif word == "-6" then family = "AAAA"
  elseif word == "-n" then at_a_time = math.floor(number_after("-n", 1, 10000))
  elseif word == "-t" then patience = number_after("-t", 0.001, 3600)
  else fail(2, usage)
  end
end
if #words ~= 2 then fail(2, usage) end
local host, list = words[1], words[2]

--- "1-3,80" to an ascending list, each once.
local function ports_of(text)
  local wanted, ports = {}, {}
  for piece in (text .. ","):gmatch "(.-)," do
    local first, last = piece:match "^(%d+)%-(%d+)$"
    first = math.tointeger(tonumber(first or piece:match "^%d+$"))
    last = math.tointeger(tonumber(last)) or first
    if not first or first < 1 or last > 65535 or first > last then
      complain("not a port from 1 to 65535, nor a range of them: '%s'", piece)
    end
    for port = first, last do wanted[port] = true end
  end
  for port = 1, 65535 do
    if wanted[port] then ports[#ports + 1] = port end
  end
  return ports
end

--- The first address of each family.
local function addresses_of(name)
  local found, message = dns.resolve(name, family)
  if not found then fail(1, "portscan.lua: " .. message) end
  local chosen, taken = {}, {}
  for _, address in ipairs(found) do
    local kind = address:find(":", 1, true) and "AAAA" or "A"
    if not taken[kind] then chosen[#chosen + 1] = address end
    taken[kind] = true
  end
  return chosen
end

local function service_names()
  local names = {}
  local file <close> = io.open "/etc/services"
  for line in file and file:lines() or function() end do
    local name, port = line:match "^([^%s#]+)%s+(%d+)/tcp"
    if name and not names[tonumber(port)] then names[tonumber(port)] = name end
  end
  return names
end

-- --- the scan ----------------------------------------------------------------------------

local ports, addresses = ports_of(list), addresses_of(host)
local total, next_probe, done = #ports * #addresses, 0, 0
local open, counts, complaint = {}, { open = 0, closed = 0, silent = 0, failed = 0 }, nil
for _, address in ipairs(addresses) do open[address] = {} end

--- How a port answers: "open", "closed", "silent", or "failed" and why.
local function probe(address, port)
  local target = (address:find(":", 1, true) and "[%s]:%d" or "%s:%d"):format(address, port)
  while true do
    local peer, message, code = connect(target, { timeout = patience })
    if peer then peer:close() return "open" end
    if code == "ECONNREFUSED" then return "closed" end
    if code == "ETIMEDOUT" then return "silent" end
    if code ~= "EMFILE" then return "failed", message end
    sleep(0.05)  -- others will have ended by then
  end
end

local function worker()
  while next_probe < total do
    local number = next_probe
    next_probe = number + 1
    local address, port = addresses[number // #ports + 1], ports[number % #ports + 1]
    local state, message = probe(address, port)
    counts[state] = counts[state] + 1
    done = done + 1
    complaint = complaint or message
    if state == "open" then table.insert(open[address], port) end
  end
end

local started = now()
local on_terminal = os.execute "test -t 2"

local function show_progress()
  io.stderr:write(("\r%d of %d, %d open\27[K"):format(done, total, counts.open))
  return true
end

local function report()
  if on_terminal then io.stderr:write "\r\27[K" end
  local names = service_names()
  for _, address in ipairs(addresses) do
    table.sort(open[address])
    print(address == host and host or ("%s (%s)"):format(host, address))
    for _, port in ipairs(open[address]) do
      print((("  %-5d  %s"):format(port, names[port] or ""):gsub(" +$", "")))
    end
  end
  print(("%d open, %d closed, %d silent%s; %d of %d in %.1f s"):format(counts.open, counts.closed,
    counts.silent, counts.failed > 0 and (", %d failed"):format(counts.failed) or "", done, total,
    now() - started))
  if complaint then io.stderr:write("portscan.lua: ", complaint, "\n") end
end

signal("INT", function()
  report()
  os.exit(130)
end)
if on_terminal then timeout(0.2, show_progress) end
local workers = {}
for i = 1, math.min(at_a_time, total) do workers[i] = spawn(worker) end
for _, each in ipairs(workers) do each:join() end
report()
os.exit(counts.open > 0 and 0 or 1)
