--- Timers as handlers own them: they run once, are out of the way before their function is called, and
-- can be started again, from within it too. Once their owner has died, using one raises.
local blame = require "blame"

local now, timeout = now, timeout

local Timeout = {}
Timeout.__index = Timeout

local function check(self, name)
  if self.dead then
    error(("timeout %s:%s: its owner %s has died"):format(self.label, name, self.dead), 3)
  end
end

local function arm(self)
  self.due = now() + self.seconds
  self.timer:add(self.seconds)
  return self
end

--- Starts it again with the time it has: postpones it, or repeats it.
function Timeout:restart()
  check(self, "restart")
  return arm(self)
end

--- Gives it another time and starts it.
function Timeout:reset(seconds)
  check(self, "reset")
  if math.type(seconds) == nil or seconds ~= seconds or seconds < 0 then
    blame.expected(("timeout %s:reset"):format(self.label), "a number of seconds", seconds)
  end
  self.seconds = seconds
  return arm(self)
end

--- Stops it: true if it had not run yet. It can be started again.
function Timeout:cancel()
  check(self, "cancel")
  return self.timer:delete()
end

--- Whether it will still run.
function Timeout:alive()
  check(self, "alive")
  return self.timer:pending()
end

--- Seconds until it is due, cancelled or not; 0 once that is over.
function Timeout:remaining()
  check(self, "remaining")
  return math.max(0, self.due - now())
end

function Timeout:__tostring()
  return ("timeout %s: %g s%s"):format(self.label, self.seconds, self.dead and ", dead" or "")
end

local timeouts = {}

--- A timer that runs; errors are those of timeout().
function timeouts.new(label, seconds, fn)
  local who = ("timeout %s"):format(tostring(label))
  if type(fn) ~= "function" then blame.expected(who, "a function", fn) end
  if math.type(seconds) == nil or seconds ~= seconds or seconds < 0 then
    blame.expected(who, "a number of seconds", seconds)
  end
  local self = setmetatable({ label = label, seconds = seconds }, Timeout)
  self.timer = timeout(nil, function() fn(self) end):label(tostring(label))
  return arm(self)
end

--- Its owner has died.
function timeouts.kill(self, owner)
  if not self.dead then self.timer:delete() end
  self.dead = owner
end

return timeouts
