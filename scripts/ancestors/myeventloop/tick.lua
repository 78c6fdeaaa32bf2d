#!/usr/bin/env moonwire
-- tick.lua: My Event Loop's timeouts: one that starts itself again is periodic; one that is cancelled may
-- be started again; the log has levels, and a file as well as the terminal.
local handler, log = require "handler", require "log"
log.level "info"

local ticks = 0
local late = handler.timeout("late", 0.05, function() log.warn "late, but it came" end)
print("cancelled: " .. tostring(late:cancel()) .. ", again: " .. tostring(late:cancel()))

handler.timeout("tick", 0.02, function(task)
  ticks = ticks + 1
  log.info("tick", ticks, task:alive())
  log.debug "not at this level"
  if ticks < 3 then task:restart() else late:restart() end
end)
dispatch()
print("over, late is alive: " .. tostring(late:alive()))
