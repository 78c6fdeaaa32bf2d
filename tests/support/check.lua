--- The helper of the Lua tests, run inside moonwire: `local check = require "check"`.
-- A file is a row of `check.case(name, fn)` and ends with `check.done()`.
--
-- A case runs as a task, so it may wait. It fails if it raises, if a check in it fails
-- (in a callback or below a pcall as well), if a function given to `expect` was not called
-- as often as promised, or if it leaves a task parked or a handle open.
-- Checks raise; the position they name is their caller's.
local check = {
  grace = 10,                   -- seconds for tasks and handles to end after a case
}

local PATIENCE <const> = 20     -- seconds for expectations and check.eventually
local STEP <const> = 0.005      -- seconds between two looks

local passed, failed = 0, 0
local current                   -- the case that runs: { name, problems = {}, expected = {} }

-- --- showing values -------------------------------------------------------------------

local function is_plain_key(key) return type(key) == "string" and key:find "^[%a_][%w_]*$" end

local function show(value, seen)
  if type(value) == "string" then
    if #value > 2000 then return ("%q... (%d bytes)"):format(value:sub(1, 200), #value) end
    return (("%q"):format(value):gsub("\\\n", "\\n"):gsub("\r", "\\r"))
  end
  if type(value) ~= "table" then return tostring(value) end
  local meta = getmetatable(value)
  if type(meta) == "table" and meta.__tostring then return tostring(value) end
  seen = seen or {}
  if seen[value] then return "<cycle>" end
  seen[value] = true
  local parts = {}
  for i = 1, #value do parts[i] = show(value[i], seen) end
  local named = {}
  for key, item in pairs(value) do
    if not (math.type(key) == "integer" and key >= 1 and key <= #value) then
      local left = is_plain_key(key) and key or "[" .. show(key, seen) .. "]"
      named[#named + 1] = left .. " = " .. show(item, seen)
    end
  end
  table.sort(named)
  seen[value] = nil
  return "{" .. table.concat(table.move(named, 1, #named, #parts + 1, parts), ", ") .. "}"
end

--- How the checks write a value in their messages.
function check.show(value) return show(value) end

-- --- failing --------------------------------------------------------------------------

-- What a failed check raises: already noted with its case, so not noted again.
local Failure = { __name = "check failure", __tostring = function(self) return self.message end }

local function note(problem)
  if current then
    current.problems[#current.problems + 1] = problem
  else
    failed = failed + 1
    io.stderr:write("FAILED outside a case: ", problem, "\n")
  end
end

local function explain(problem)
  if getmetatable(problem) == Failure then return problem end
  local text = type(problem) == "string" and problem or show(problem)
  return setmetatable({ message = debug.traceback(text, 2), fresh = true }, Failure)
end

-- Raises from the check's caller; `level` as for error(), counted from the check.
local function fail(message, level)
  local where = debug.getinfo(level + 2, "Sl")
  if where and where.currentline > 0 then
    message = ("%s:%d: %s"):format(where.short_src, where.currentline, message)
  end
  note(debug.traceback(message, level + 2))
  error(setmetatable({ message = message }, Failure), 0)
end

local function about(what) return what and what .. ": " or "" end

-- --- checks ---------------------------------------------------------------------------

--- Both are the same by `==` (a NaN is the same as a NaN).
function check.equal(got, want, what)
  if got == want or (got ~= got and want ~= want) then return got end
  fail(("%sgot %s, want %s"):format(about(what), show(got), show(want)), 1)
end

-- The path and values of the first difference, nil if there is none.
local function difference(got, want, path, seen)
  if got == want or (got ~= got and want ~= want) then return nil end
  if type(got) ~= "table" or type(want) ~= "table" then
    return ("%s: got %s, want %s"):format(path, show(got), show(want))
  end
  if seen[got] == want then return nil end
  seen[got] = want
  for key, item in next, want do
    local deeper = difference(rawget(got, key), item, path .. "[" .. show(key) .. "]", seen)
    if deeper then return deeper end
  end
  for key, item in next, got do
    if rawget(want, key) == nil then
      return ("%s[%s]: got %s, want nil"):format(path, show(key), show(item))
    end
  end
end

--- Both hold the same, to any depth; metatables are not looked at.
function check.same(got, want, what)
  local found = difference(got, want, what or "value", {})
  if not found then return got end
  fail(("%s\n  got  %s\n  want %s"):format(found, show(got), show(want)), 1)
end

--- `text` is a string in which `pattern` (a Lua pattern) is found; returns its captures.
function check.match(text, pattern, what)
  if type(text) == "string" and text:find(pattern) then return text:match(pattern) end
  fail(("%s%s does not match %s"):format(about(what), show(text), show(pattern)), 1)
end

--- fn() raises, and tostring() of what it raises matches `pattern` if there is one.
-- Returns what was raised.
function check.raises(fn, pattern, what)
  local ok, problem = pcall(fn)
  if ok then fail(about(what) .. "did not raise", 1) end
  if pattern and not tostring(problem):find(pattern) then
    fail(("%sraised %s, want %s"):format(about(what), show(tostring(problem)), show(pattern)), 1)
  end
  return problem
end

--- The first value is true-ish; returns all. A second one is taken for the message.
function check.ok(...)
  if (...) then return ... end
  local _, message, code = ...
  if message == nil then fail("got " .. show((...)) .. ", want a true value", 1) end
  fail(("failed: %s%s"):format(tostring(message), code and " (" .. tostring(code) .. ")" or ""), 1)
end

--- The values are nil, message, code: `check.fails("ECLOSED", c:read())`. `want` is the code,
-- or else a pattern of the message.
function check.fails(want, ...)
  local value, message, code = ...
  if value ~= nil or type(message) ~= "string" or type(code) ~= "string" then
    fail(("got %s, want nil, message, code"):format(show(table.pack(...))), 1)
  end
  local right
  if want:find "^E[%u%d]+$" then right = code == want else right = message:find(want) end
  if not right then
    fail(("failed with %s (%s), want %s"):format(show(message), code, show(want)), 1)
  end
  return message, code
end

-- Seconds for which this program was ready to run, and other work had the processor.
local function kept_waiting()
  local file = io.open "/proc/self/schedstat"
  if not file then return 0 end
  local _, waited = file:read("n", "n")
  file:close()
  return (waited or 0) / 1e9
end

--- A clock for what must be there in time on a busy machine too: `clock:took(least, most)` fails
-- if fewer than `least` seconds have passed since, or more than `most` of those in which we
-- could run.
function check.clock()
  local clock = { began = now(), waited = kept_waiting() }
  --- The seconds since, and how many of them we could not run.
  function clock:passed() return now() - self.began, kept_waiting() - self.waited end
  function clock:took(least, most, what)
    local passed, waited = self:passed()
    if passed >= least and passed - waited <= most then return end
    fail(("%safter %.3f s, not after %g to %g s; %.3f s of it others ran"):format(
      about(what), passed, least, most, waited), 1)
  end
  return clock
end

--- Looks every few milliseconds until fn() gives a true value, and returns that; fails after
-- `seconds` (20).
function check.eventually(fn, seconds, what)
  local deadline = now() + (seconds or PATIENCE)
  while true do
    local value = fn()
    if value then return value end
    if now() >= deadline then
      fail(("%snot within %g s"):format(about(what), seconds or PATIENCE), 1)
    end
    sleep(STEP)
  end
end

--- Returns a function that calls `fn` (may be nil) and must itself be called exactly `n` (1)
-- times before the case ends; the case waits for it up to 20 s. A failed check in `fn` fails
-- the case; any other error goes on to whoever called.
function check.expect(fn, n)
  local case = assert(current, "check.expect outside a case")
  local info = debug.getinfo(2, "Sl")
  local promise = { calls = 0, want = n or 1,
    where = ("%s:%d"):format(info.short_src, info.currentline) }
  case.expected[#case.expected + 1] = promise
  return function(...)
    promise.calls = promise.calls + 1
    if fn then return fn(...) end
  end
end

-- --- cases ----------------------------------------------------------------------------

local has_listing, listing = pcall(require, "native.listing")
local KINDS <const> = { conns = "connection", listeners = "listener", sockets = "socket",
  watchers = "watcher", timers = "timer", signals = "signal watcher", events = "event",
  hooks = "hook", threads = "thread",
  bus_listeners = "bus listener", tasks = "task" }

-- How many there are of each kind, by kind; empty where the shell does not tell. Idle objects
-- are the collector's, but for connections: these hold a descriptor.
local function census()
  local counts = {}
  for field, kind in pairs(has_listing and KINDS or {}) do
    local rows = listing[field] and listing[field]() or {}
    counts[kind] = 0
    for _, row in ipairs(rows) do
      if row.alive ~= false or field == "conns" then counts[kind] = counts[kind] + 1 end
    end
  end
  return counts
end

-- What is there now and was not before, as text; nil if nothing.
local function left_behind(before)
  local left = {}
  for kind, count in pairs(census()) do
    local more = count - (before[kind] or 0)
    if more > 0 then left[#left + 1] = ("%d %s%s"):format(more, kind, more > 1 and "s" or "") end
  end
  table.sort(left)
  return #left > 0 and table.concat(left, ", ") or nil
end

local function wait_for_expected(case)
  local deadline = now() + PATIENCE
  for _, promise in ipairs(case.expected) do
    while promise.calls < promise.want and now() < deadline do sleep(STEP) end
    if promise.calls ~= promise.want then
      note(("%s: called %d times, want %d"):format(promise.where, promise.calls, promise.want))
    end
  end
end

local function wait_for_the_rest(before)
  local deadline = now() + check.grace
  while true do
    local left = left_behind(before)
    if not left then return end
    if now() >= deadline then return note("left behind: " .. left) end
    collectgarbage()  -- what only a lost variable held is closed
    sleep(STEP)
  end
end

local function run_case(name, fn, run)
  assert(not current, "a case inside a case")
  io.write("case: ", name, "\n")
  io.flush()
  local before = census()
  local case = { name = name, problems = {}, expected = {} }
  current = case
  local ended = false
  run(function()
    local ok, problem = xpcall(fn, explain)
    if not ok and problem.fresh then note(problem.message) end
    ended = true
  end)
  if not ended then note "its task was ended from outside" end
  if #case.problems == 0 then wait_for_expected(case) end
  if #case.problems == 0 then wait_for_the_rest(before) end
  current = nil
  if #case.problems == 0 then
    passed = passed + 1
    return
  end
  failed = failed + 1
  for _, problem in ipairs(case.problems) do
    io.write("FAILED: ", name, "\n  ", (problem:gsub("\n", "\n  ")), "\n")
  end
  io.flush()
end

--- Runs fn as a task and waits for its end. Cases run one after the other, in order.
function check.case(name, fn)
  run_case(name, fn, function(body) spawn(body):join() end)
end

--- The same in the calling task itself: for what asks which task it is, or must be the only
-- one, such as dispatch().
function check.case_here(name, fn)
  run_case(name, fn, function(body) body() end)
end

--- Prints "N passed, M failed"; ends the program with status 1 if any failed. Otherwise the
-- end of the file ends it, as it would any script: errors that the shell printed make that 1
-- too, unless `options.errors_expected` is true.
function check.done(options)
  io.write(("%d passed, %d failed\n"):format(passed, failed))
  io.flush()
  if failed > 0 then os.exit(1) end
  if options and options.errors_expected then os.exit(0) end
end

return check
