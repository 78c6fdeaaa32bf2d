#!/usr/bin/env moonwire
-- memcreep.lua [SECONDS]: how the memory in use grows. An example of rel's: a function on an
-- interval, which goes on as long as it returns true.
local usage = [[
usage: memcreep.lua [--sleep S] [--turbo S] [SECONDS]
Tells every SECONDS (1) by how many KiB the memory in use has changed, and the mean of the last ten.
--sleep and --turbo set the rates of the loop. Ctrl-C ends it.
Exit: 0 interrupted, 1 there is no /proc/meminfo, 2 usage.]]

local rel = require "rel"

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local rates = { ["--sleep"] = rel.set_sleep, ["--turbo"] = rel.set_turbo }
local seconds = 1
local words = table.move(arg, 1, #arg, 1, {})
while words[1] do
  local word = table.remove(words, 1)
  if word == "--help" then print(usage) os.exit(0) end
  local number = tonumber(rates[word] and table.remove(words, 1) or word)
  if not number or number < 0 then fail(2, usage) end
  if rates[word] then rates[word](number) else seconds = number end
end

-- KiB that no program can have for the asking.
local function in_use()
  local file <close> = io.open "/proc/meminfo" or fail(1, "memcreep.lua: no /proc/meminfo")
  local text = file:read "a"
  return tonumber(text:match "MemTotal: *(%d+)") - tonumber(text:match "MemAvailable: *(%d+)")
end

local last, diffs = in_use(), {}

local function creep()
  local current = in_use()
  diffs[#diffs + 1] = current - last
  last = current
  if #diffs > 10 then table.remove(diffs, 1) end
  local sum = 0
  for _, diff in ipairs(diffs) do sum = sum + diff end
  print(("diff: %+d ; mean of %d: %+.1f"):format(diffs[#diffs], #diffs, sum / #diffs))
  return true
end

io.stdout:setvbuf "line"
rel.signal(2, rel.abort)
rel.timeout(seconds, creep)
rel.dispatch()
print "interrupted"
