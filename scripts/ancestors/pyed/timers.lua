#!/usr/bin/env moonwire
-- timers.lua: PYED's timers, with the loop written by hand: processtimer() and processevent() are one pass
-- of loop(); next_due() tells how long it may take. Timers run by deadline, whatever order they were armed in.
local began = now()
local function tell(name, due)
  print(("%s at %.1f%s"):format(name, due, now() - began < due and ", too early" or ""))
end

timeout(0.1, tell, "first", 0.1)
timeout(0.3, tell, "third", 0.3)
local second = timeout(0.9, tell, "second", 0.2)
second:add(0.2)                       -- a deadline that is moved
timeout(0.25, tell, "never", 0.25):delete()

local passes = 0
while next_due() do
  loop()
  passes = passes + 1
end
print(("over after %d passes or more, set: %s"):format(math.min(passes, 3), second:pending()))
