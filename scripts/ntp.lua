#!/usr/bin/env moonwire
-- ntp.lua [-t SECONDS] [-n COUNT] SERVER...: by how much the clock is wrong, as time servers see it.
local usage = [[
usage: ntp.lua [-t SECONDS] [-n COUNT] SERVER...
Asks each SERVER, a host or host:port, once and all together (SNTP, RFC 4330), and tells what is to
be added to our clock (offset), and how long question and answer were under way (delay). The middle
one of the offsets is the result. The clock is not touched.
-t SECONDS  how long to wait for an answer, default 2
-n COUNT    so many attempts, default 3
Exit: 0 there is a result, 1 no server gave a good answer, 2 usage.]]

local process = require "process"

local PORT <const> = 123
local PACKET <const> = ">BBbb I4I4c4 c8c8c8c8"  -- 48 bytes; more may follow, which is passed over
local SIZE <const> = 48
local CLIENT <const>, SERVER <const> = 3, 4     -- modes
local UNIX <const> = 2208988800                 -- 1970, in seconds since 1900
local TOO_FAR <const> = 1                       -- seconds to the source of the time

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

-- --- arguments ------------------------------------------------------------------------

local patience, attempts = 2, 3
local words = table.move(arg, 1, #arg, 1, {})

local function number_after(option, least, most)
  local text = table.remove(words, 1) or fail(2, usage)
  local number = tonumber(text)
  if number and number >= least and number <= most then return number end
  fail(2, ("ntp.lua: %s: from %g to %g, not %s"):format(option, least, most, text))
end

while words[1] and words[1]:find "^%-" do
  local word = table.remove(words, 1)
  if word == "--help" then print(usage) os.exit(0) end
  if word == "-t" then patience = number_after("-t", 0.001, 3600)
  elseif word == "-n" then attempts = math.floor(number_after("-n", 1, 10))
  else fail(2, usage)
  end
end
if #words == 0 then fail(2, usage) end

-- --- clocks ---------------------------------------------------------------------------

--- What to add to now() for the time of day, in seconds since 1970, and by how much that may be
-- wrong. Lua's own clock has whole seconds only; that of date(1) was read while it ran.
local function clock_difference()
  local best, inexact
  for _ = 1, 5 do
    local before = now()
    local text, message = process.run { "date", "+%s.%N" }
    local after = now()
    local time = text and tonumber(text) or fail(1, "ntp.lua: date: " .. (message or text))
    if not best or (after - before) / 2 < inexact then
      best, inexact = time - (before + after) / 2, (after - before) / 2
    end
  end
  return best, inexact
end

--- A time stamp less `time`, in seconds. The seconds begin again every 136 years: it is the nearer.
local function since(stamp, time)
  local seconds, fraction = (">I4I4"):unpack(stamp)
  local whole = math.floor(time)
  local difference = (seconds - UNIX - whole + 2 ^ 31) % 2 ^ 32 - 2 ^ 31
  return difference + fraction / 2 ^ 32 - (time - whole)
end

-- --- one server -----------------------------------------------------------------------

local random <const> = assert(io.open("/dev/urandom", "rb"))

--- The fields of an answer; nil if it is none to the question that had `nonce` for its time.
local function read_answer(data, nonce)
  if #data < SIZE then return nil end
  local first, stratum, _, _, root_delay, dispersion, reference, _, origin, received, sent =
    PACKET:unpack(data)
  if first & 7 ~= SERVER or origin ~= nonce then return nil end
  return { leap = first >> 6, stratum = stratum, reference = reference, received = received,
    sent = sent, distance = math.max(root_delay, dispersion) / 2 ^ 16 }
end

--- Why an answer is not to be believed; nil if it is.
local function doubt(answer)
  if answer.stratum == 0 then
    return "sends us away (" .. answer.reference:gsub("[^%w]", "") .. ")", true
  elseif answer.leap == 3 or answer.stratum > 15 then return "does not know the time itself"
  elseif answer.sent == ("\0"):rep(8) then return "tells no time"
  elseif answer.distance >= TOO_FAR then return "is too far from a clock"
  elseif answer.delay < -0.001 then return "claims more time than there was"
  end
end

--- Fills offset and delay in. A random number stood for our time, which is nobody's business: so an
-- answer cannot be made without having seen the question.
local function measure(answer, left, arrived, difference)
  local on_way, on_return = since(answer.received, left + difference),
    since(answer.sent, arrived + difference)
  answer.offset = (on_way + on_return) / 2
  answer.delay = on_way - on_return
  return answer
end

--- The answer, or nil and why there is none.
local function ask(server, difference)
  local sock <close>, problem = connect("udp://" .. server)
  if not sock then return nil, problem end
  for _ = 1, attempts do
    local nonce = random:read(8)
    local question = PACKET:pack(4 << 3 | CLIENT, 0, 0, 0, 0, 0, "", "", "", "", nonce)
    local left, data = now(), nil  -- before it leaves: a delay may seem longer, never shorter
    sock:write(question)
    repeat
      data, problem = sock:read { timeout = math.max(0, left + patience - now()) }
      local arrived = now()
      local answer = data and read_answer(data, nonce)
      if answer then
        measure(answer, left, arrived, difference)
        local why = doubt(answer)
        return not why and answer or nil, why
      end
    until not data
  end
  return nil, problem
end

-- --- all of them ----------------------------------------------------------------------

local LEAPS <const> = { "  a leap second comes", "  a second is left out" }

--- Who the server has its time from.
local function reference_text(answer)
  if answer.stratum == 1 then return (answer.reference:gsub("[^%w]", "")) end
  return ("%d.%d.%d.%d"):format(answer.reference:byte(1, 4))
end

local servers, width = {}, #"server"
for i, word in ipairs(words) do
  local bare = word:find "^[^:]*$" or word:find "^%[[^%]]*%]$"
  servers[i] = bare and word .. ":" .. PORT or word
  width = math.max(width, #servers[i])
end

local difference, inexact = clock_difference()
local tasks, offsets = {}, {}
for i, server in ipairs(servers) do tasks[i] = spawn(pcall, ask, server, difference) end
local row = "%-" .. width .. "s  %7s  %-15s  %12s  %9s%s"
for i, server in ipairs(servers) do
  local ok, answer, problem = tasks[i]:join()
  if not ok then fail(2, "ntp.lua: " .. answer:gsub("^[^:]*:%d+: ", "")) end
  if answer then
    if #offsets == 0 then print(row:format("server", "stratum", "reference", "offset", "delay", "")) end
    offsets[#offsets + 1] = answer.offset
    print(row:format(server, answer.stratum, reference_text(answer), ("%+.6f"):format(answer.offset),
      ("%.6f"):format(answer.delay), LEAPS[answer.leap] or ""))
  else
    io.stderr:write("ntp.lua: ", server, ": ", problem, "\n")
  end
end
if #offsets == 0 then os.exit(1) end
table.sort(offsets)
local middle = (offsets[(#offsets + 1) // 2] + offsets[#offsets // 2 + 1]) / 2
print(("offset %+.6f s, our clock read to within %.6f s; %d of %d answered"):format(middle, inexact,
  #offsets, #servers))
os.exit(0)
