#!/usr/bin/env moonwire
-- reconnect.lua [options] ADDRESS: a client that stays connected, whatever happens to the server.
local usage = [[
usage: reconnect.lua [--delay S] [--max S] [--tries N] [--hello TEXT] ADDRESS
Keeps a connection to ADDRESS: what comes is written out, each line of standard input goes to the
server, and waits while there is no connection. After a loss it connects again at once, then every
S seconds (1), twice as long each time up to --max (30), for ever or N times in a row. --hello TEXT
is the first line on each connection. What happens is told on standard error.
Exit: 0 interrupted, 1 gave up, 2 usage.]]

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local numbers = { ["--delay"] = 1, ["--max"] = 30, ["--tries"] = false }
local hello, address
local position = 1
while position <= #arg do
  local word = arg[position]
  local value = arg[position + 1]
  if word == "--help" then print(usage) os.exit(0) end
  if numbers[word] ~= nil then
    numbers[word] = tonumber(value) or fail(2, usage)
    position = position + 1
  elseif word == "--hello" then
    hello = (value or fail(2, usage)) .. "\n"
    position = position + 1
  elseif word:find "^%-" or address then
    fail(2, usage)
  else
    address = word
  end
  position = position + 1
end
if not address then fail(2, usage) end

local function tell(...) io.stderr:write(string.format(...), "\n") end

local waiting = {}  -- lines that came while there was no connection
local link

local function send(line)
  if link.state ~= "open" or #waiting > 0 or not link:write(line) then
    waiting[#waiting + 1] = line
  end
end

local function serve(c, message)
  if not c then fail(1, "reconnect.lua: gave up: " .. message) end
  tell("connected to %s", c.peer)
  c:write(table.concat(waiting))
  waiting = {}
  local bytes, why
  repeat
    bytes, why = c:read()
    io.write(bytes or "")
    io.stdout:flush()
  until not bytes
  tell("lost: %s", why or "the server has ended the connection")
end

local ok, made = pcall(connect, address, {
  reconnect = { delay = numbers["--delay"], max = numbers["--max"], factor = 2, jitter = 0.1,
    tries = numbers["--tries"] or nil, hello = hello },
}, serve)
if not ok then fail(2, "reconnect.lua: " .. made) end
link = made

signal("INT", function() os.exit(0) end)

-- Once there is something to read the task stays with it, as lines that stdio holds back already
-- do not make descriptor 0 readable again.
read(0, function()
  for line in io.lines(nil, "L") do send(line) end
end)
