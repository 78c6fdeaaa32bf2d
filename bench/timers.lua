-- bench/timers.lua [COUNT]: a million timers due within a second are made, every other one
-- is cancelled, and when all are due the rest is fired. Then ten thousand, spread over a
-- second, say how late each came. Prints one line of key=value; errors=1 when a callback is
-- missing, or came before its time.
local count = math.tointeger(tonumber(arg[1] or 1000000)) or error("usage: timers.lua [COUNT]")

local function milliseconds(from, to) return (to - from) * 1000 end

-- Made, cancelled, fired.
math.randomseed(7)
local delays, timers, fired = {}, {}, 0
for i = 1, count do delays[i] = math.random(1, 1000) / 1000 end
local function fire() fired = fired + 1 end

local start = now()
for i = 1, count do timers[i] = timeout(delays[i], fire) end
local created = now()
for i = 1, count, 2 do timers[i]:cancel() end
local cancelled = now()
repeat until now() > created + 1.1
local due = now()
dispatch()
local done = now()

-- Late by how much. The moment is taken before the call, so never early means never below 0,
-- but for the microsecond a timer counts in.
timers, delays = nil, nil
collectgarbage()
local late = {}
for i = 0, 9999 do
  local delay = (1 + i // 10) / 1000
  local expected = now() + delay
  timeout(delay, function() late[#late + 1] = (now() - expected) * 1e6 end)
end
dispatch()
table.sort(late)

local whole = fired == count - (count + 1) // 2 and #late == 10000 and late[1] > -1
print(("create_ms=%.1f cancel_ms=%.1f fire_ms=%.1f total_ms=%.1f "
  .. "late50_us=%.0f late99_us=%.0f latemax_us=%.0f errors=%d"):format(
  milliseconds(start, created), milliseconds(created, cancelled), milliseconds(due, done),
  milliseconds(start, cancelled) + milliseconds(due, done),
  late[#late // 2] or -1, late[#late * 99 // 100] or -1, late[#late] or -1, whole and 0 or 1))
