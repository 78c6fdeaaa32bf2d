--- The global thread: a function on an OS thread, with a Lua state and a loop of its own. All that
-- goes there and comes back is copied. Raises where something cannot be. Nothing here waits.
local copy = require "native.copy"
local native = require "native.thread"

local thread = {}

--- thread(fn, ...): starts it. Returns the thread; or nil, message, code.
function thread.start(fn, ...)
  if type(fn) ~= "function" then
    error("bad argument #1 to 'thread' (function expected, got " .. type(fn) .. ")", 2)
  end
  local payload, problem = copy.pack("argument", 3, package.path, package.cpath, fn, ...)
  if not payload then error("thread: " .. problem, 2) end
  return native.start(payload)
end

local function run(path, cpath, fn, ...)
  package.path, package.cpath = path, cpath
  return fn(...)
end

--- What the new thread runs. Standard input is the first thread's: here it is at its end.
function thread.main(payload)
  io.input "/dev/null"
  io.stdin = io.input()
  return copy.pack("result", 0, run(copy.unpack(payload)))
end

return thread
