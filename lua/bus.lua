--- Named messages between the threads of a program: `local bus = require "bus"`. What is pushed is
-- copied, as for thread(). Nothing here waits. push returns nil, message, "ENOBUFS" when a listener
-- is too far behind; wrong arguments raise, at the caller.
local copy = require "native.copy"
local native = require "native.bus"

local bus = {}

local function checked(what, name, fn)
  if type(name) ~= "string" then
    error(("bad argument #1 to '%s' (string expected, got %s)"):format(what, type(name)), 3)
  end
  if what == "push" and name == "*" then
    error("push: a name expected: \"*\" stands for all of them", 3)
  end
  if what ~= "push" and type(fn) ~= "function" then
    error(("bad argument #2 to '%s' (function expected, got %s)"):format(what, type(fn)), 3)
  end
end

--- on(name, fn): calls fn(...) for each message of that name; for "*" fn(name, ...) for each there
-- is. Returns the listener.
function bus.on(name, fn)
  checked("on", name, fn)
  return native.listen(name, false, fn)
end

--- once(name, fn): the same, for the first only.
function bus.once(name, fn)
  checked("once", name, fn)
  return native.listen(name, true, fn)
end

--- push(name, ...): to all who listen to that name or to "*", on whatever thread. Returns how many these are.
function bus.push(name, ...)
  checked("push", name)
  local payload, problem = copy.pack("argument", 0, ...)
  if not payload then error("push: " .. problem, 2) end
  return native.push(name, payload)
end

return bus
