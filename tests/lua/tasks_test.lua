--- Tasks: spawn, join, cancel; and waiting wherever Lua may stand: in pcall, metamethods, <close>
-- variables, or where it cannot. The program's own coroutines: coroutines_test.lua.
local check = require "check"
local child = require "child"
local pair = require "pair"

local function closing(fn) return setmetatable({}, { __close = fn }) end

local NOWHERE <const> = ": cannot wait inside a sort comparator, __tostring, ...; use spawn"

-- --- spawn and join ---------------------------------------------------------------------------

check.case("a task starts when its maker waits or ends, with its arguments", function()
  local log = {}
  local task = spawn(function(...)
    log[#log + 1] = table.pack(...)
    return ...
  end, 1, nil, "x", nil)
  check.same(log, {})
  check.equal(task:alive(), true)
  check.same(table.pack(task:join()), { n = 4, 1, nil, "x", nil })
  check.same(log, { { n = 4, 1, nil, "x", nil } })
  check.equal(task:alive(), false)
  check.same(table.pack(task:join()), { n = 4, 1, nil, "x", nil })
end)

check.case("tasks run in the order spawned", function()
  local order = {}
  local last
  for i = 1, 10 do last = spawn(function() order[#order + 1] = i end) end
  last:join()
  check.same(order, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
end)

check.case("hundreds of arguments and results pass", function()
  local numbers = {}
  for i = 1, 400 do numbers[i] = i end
  check.same({ spawn(function(...) return ... end, table.unpack(numbers)):join() }, numbers)
  local near, far <close> = pair()
  check.same({ near:spawn(function(...) return ... end, table.unpack(numbers)):join() }, numbers)
  local got
  timeout(0, function(...) got = { ... } end, table.unpack(numbers))
  check.eventually(function() return got end)
  check.same(got, numbers)
end)

check.case("no results are none", function()
  check.same(table.pack(spawn(function() end):join()), { n = 0 })
  check.same(table.pack(spawn(function() sleep(0.001) end):join()), { n = 0 })
end)

check.case("several may join, before the end and after", function()
  local task = spawn(function()
    sleep(0.01)
    return "result"
  end)
  local joiners = {}
  for i = 1, 3 do joiners[i] = spawn(function() return i, task:join() end) end
  for i = 1, 3 do check.same({ joiners[i]:join() }, { i, "result" }) end
  check.equal(task:join(), "result")
end)

check.case("an error is nil, message for who joins", function()
  local task = spawn(function() error "on purpose" end)
  local got = table.pack(task:join())
  check.same({ got.n, got[1] }, { 2, nil })
  check.match(got[2], "tests/lua/tasks_test%.lua:%d+: on purpose$")
  check.same(table.pack(task:join()), got)
  local odd = spawn(function() error { code = 7 } end)
  check.match(select(2, odd:join()), "error object is a table value")
  local named = spawn(function()
    error(setmetatable({}, { __tostring = function() return "named" end }))
  end)
  check.equal(select(2, named:join()), "named")
end)

check.case("an error that nobody waits for is printed, and the status is 1", function()
  local output, status = child [[
    local task = spawn(function() sleep(0.001); error "unheard" end)
    while task:alive() do sleep(0.001) end
    print(task:join())
    print "on it goes"]]
  check.match(output, "task 1: .-:1: unheard\nstack traceback:\n\t.-:1: in function")
  check.match(output, "nil\t.-:1: unheard\n")
  check.match(output, "on it goes\n$")
  check.equal(status, 1)
end)

check.case("join has a limit", function()
  local released
  local task = spawn(function()
    while not released do sleep(0.005) end
    return "late"
  end)
  local clock = check.clock()
  check.match(check.fails("ETIMEDOUT", task:join(0.02)), "^join task %d+: ")
  clock:took(0.02, 0.2)
  released = true
  check.equal(task:join(math.huge), "late")
  check.raises(function() task:join(-1) end, "must not be negative")
end)

check.case("a task cannot join itself", function()
  local task
  task = spawn(function() return task:join() end)
  check.match(select(2, task:join()), "join: a task cannot wait for its own end")
end)

check.case("what cannot be spawned raises", function()
  check.raises(function() spawn() end, "function expected, got no value")
  check.raises(function() spawn(5) end, "function expected, got number")
  check.equal(spawn(setmetatable({}, { __call = function(_, x) return x end }), 7):join(), 7)
  check.raises(function() spawn(function() end).join(5) end, "task expected, got number")
  check.raises(function() spawn(function() end):nosuch() end, "nil value %(method 'nosuch'%)")
end)

check.case("a task tells itself", function()
  local task = spawn(function() sleep(1) end)
  check.match(tostring(task), "^task %d+$")
  check.equal(tostring(task), "task " .. task.id)
  local row
  sleep(0)
  for _, each in ipairs(tasks()) do if each.object == task then row = each end end
  check.same({ row.state, row.waits_for, row.id }, { "waiting", "sleep", task.id })
  check.equal(task:detach(), task)  -- of nothing: harmless
  task:cancel()
end)

check.case("spawning from a spawned task goes on without end", function()
  local depth = 0
  local done
  local function deeper()
    depth = depth + 1
    if depth < 5000 then spawn(deeper) else done = true end
  end
  spawn(deeper)
  check.eventually(function() return done end)
  check.equal(depth, 5000)
end)

check.case("a hundred thousand tasks come and go", function()
  local count = 0
  for _ = 1, 100 do
    for _ = 1, 1000 do spawn(function() count = count + 1 end) end
    sleep(0)
  end
  check.eventually(function() return count == 100000 end)
end)

-- --- cancel -------------------------------------------------------------------------------------

check.case("cancel raises at the wait, so <close> variables run", function()
  local log = {}
  local task = spawn(function()
    local outer <close> = closing(function(_, problem) log[#log + 1] = problem end)
    local inner <close> = closing(function() log[#log + 1] = "inner" end)
    sleep(60)
    log[#log + 1] = "too far"
  end)
  sleep(0)
  check.equal(task:cancel(), true)
  check.same(log, {})  -- not from inside cancel()
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
  check.same(log, { "inner", "cancelled" })
  check.equal(task:cancel(), false)
  check.equal(task:alive(), false)
end)

check.case("one that has not begun never begins", function()
  local task = spawn(function() check.ok(false, "it ran") end)
  check.equal(task:cancel(), true)
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
end)

check.case("one that has ended is not cancelled", function()
  local task = spawn(function() return 1 end)
  task:join()
  check.equal(task:cancel(), false)
  check.equal(task:join(), 1)
end)

check.case("pcall sees it once; the next wait is the last", function()
  local log = {}
  local task = spawn(function()
    local guard <close> = closing(function() log[#log + 1] = "closed" end)
    log[#log + 1] = table.pack(pcall(sleep, 60))
    log[#log + 1] = "between"
    log[#log + 1] = table.pack(pcall(sleep, 60))
  end)
  sleep(0)
  task:cancel()
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
  check.same(log, { { n = 2, false, "cancelled" }, "between", "closed" })
end)

check.case("while true do pcall(sleep, 1) end ends when cancelled", function()
  local task = spawn(function() while true do pcall(sleep, 1) end end)
  sleep(0)
  task:cancel()
  check.same(table.pack(task:join(2)), { n = 2, nil, "cancelled" })
end)

check.case("a task may clean up after it was cancelled, without waiting", function()
  local near, far = pair()
  local task = spawn(function()
    local ok, problem = pcall(near.read, near)
    near:write(tostring(ok), " ", problem)
    return "cleaned up"
  end)
  sleep(0)
  task:cancel()
  check.equal(task:join(), "cleaned up")
  check.equal(far:read(), "false cancelled")
end)

check.case("cancelling oneself takes effect at the next wait", function()
  local log = {}
  local task
  task = spawn(function()
    log[#log + 1] = task:cancel()
    log[#log + 1] = "still here"
    sleep(0)
    log[#log + 1] = "too far"
  end)
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
  check.same(log, { true, "still here" })
  local other
  other = spawn(function()
    other:cancel()
    return "ended first"
  end)
  check.equal(other:join(), "ended first")
end)

check.case("its <close> variables cannot wait: that is told, and the others still run", function()
  local log = {}
  local task = spawn(function()
    local outer <close> = closing(function() log[#log + 1] = "outer" end)
    local inner <close> = closing(function()
      log[#log + 1] = "inner"
      sleep(1)
      log[#log + 1] = "too far"
    end)
    sleep(60)
  end)
  sleep(0)
  task:cancel()
  check.same(table.pack(task:join(1)), { n = 2, nil, "cancelled" })
  check.same(log, { "inner", "outer" })
end)

check.case("whatever it waits for can be cancelled", function()
  local near, far <close> = pair()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local never = spawn(function() sleep(60) end)
  local waits = {
    function() sleep(60) end,
    function() near:read() end,
    function() far:read "l" end,
    function() srv:accept() end,
    function() never:join() end,
    function() wait(near, "r") end,
    function() wait(srv, "r", 60) end,
  }
  for i, wait_for in ipairs(waits) do
    local task = spawn(wait_for)
    sleep(0)
    check.equal(task:alive(), true, "wait " .. i)
    check.equal(task:cancel(), true)
    check.same(table.pack(task:join(1)), { n = 2, nil, "cancelled" }, "wait " .. i)
  end
  never:cancel()
end)

check.case("<close> on a task cancels it at the end of the block", function()
  local log = {}
  do
    local task <close> = spawn(function()
      local guard <close> = closing(function() log[#log + 1] = "closed" end)
      sleep(60)
    end)
    sleep(0)
  end
  sleep(0)
  check.same(log, { "closed" })
end)

check.case("a chain of 20,000 tasks, each holding the next, is cancelled", function()
  local started, ended = 0, 0
  local function link(left)
    return spawn(function()
      local guard <close> = closing(function() ended = ended + 1 end)
      local next_one <close> = left > 1 and link(left - 1) or nil
      started = started + 1
      sleep(60)
    end)
  end
  local first = link(20000)
  check.eventually(function() return started == 20000 end, 60)
  first:cancel()
  check.eventually(function() return ended == 20000 end, 60)  -- half a second of work
end)

check.case("so is a chain where each joins the next, from its end", function()
  local count = 0
  local last = spawn(function() sleep(60) end)
  local top = last
  for _ = 1, 20000 do
    local below = top
    top = spawn(function()
      below:join()
      count = count + 1
    end)
  end
  sleep(0)
  last:cancel()
  top:join()
  check.equal(count, 20000)
end)

check.case("20,000 tasks of a connection end with it", function()
  local near, far <close> = pair()
  local ended = 0
  for _ = 1, 20000 do
    near:spawn(function()
      local guard <close> = closing(function() ended = ended + 1 end)
      sleep(60)
    end)
  end
  sleep(0)
  near:close()
  check.eventually(function() return ended == 20000 end, 20)
end)

check.case("an error in __close of a cancelled task is reported", function()
  local output, status = child [[
    local task = spawn(function()
      local guard <close> = setmetatable({}, { __close = function() error "while closing" end })
      sleep(60)
    end)
    sleep(0)
    task:cancel()
    sleep(0.01)
    print(task:alive())]]
  check.match(output, "while closing")
  check.match(output, "false\n$")
  check.ok(status)
end)

-- --- waiting elsewhere ----------------------------------------------------------------------------

check.case("in pcall and xpcall", function()
  local near, far = pair()
  far:write "one\ntwo\n"
  check.same(table.pack(pcall(near.read, near, "l")), { n = 2, true, "one" })
  check.same(table.pack(pcall(pcall, near.read, near, "l")), { n = 3, true, true, "two" })
  check.same(table.pack(xpcall(function()
    sleep(0.001)
    error("late", 0)
  end, function(message) return "handled " .. message end)), { n = 2, false, "handled late" })
  local function thrower()
    sleep(0.001)
    error { code = 5 }
  end
  local ok, problem = pcall(thrower)
  check.same({ ok, problem }, { false, { code = 5 } })
end)

check.case("in metamethods that Lua code triggers", function()
  local function slow(value) return function() sleep(0.001) return value end end
  local x = setmetatable({}, { __index = slow "index", __add = slow "add", __call = slow "call",
    __concat = slow "concat", __len = slow(7), __eq = slow(true), __lt = slow(true),
    __le = slow(false), __unm = slow "unm", __newindex = slow(), __idiv = slow "idiv" })
  local y = setmetatable({}, getmetatable(x))
  check.same({ x.field, x + 1, x(), x .. "", #x, x == y, x < y, x <= y, -x, x // 2 },
    { "index", "add", "call", "concat", 7, true, true, false, "unm", "idiv" })
  x.new = 1
  check.equal(rawget(x, "new"), nil)
end)

check.case("in __close and in iterators", function()
  local log = {}
  do
    local guard <close> = closing(function()
      sleep(0.001)
      log[#log + 1] = "closed"
    end)
    log[#log + 1] = "body"
  end
  for i in function(_, i)
    sleep(0.001)
    i = (i or 0) + 1
    return i < 4 and i or nil
  end do
    log[#log + 1] = i
  end
  local ok, message = pcall(function()
    local guard <close> = closing(function(_, problem)
      sleep(0.001)
      log[#log + 1] = problem
    end)
    error("thrown", 0)
  end)
  check.same({ ok, message }, { false, "thrown" })
  check.same(log, { "body", "closed", 1, 2, 3, "thrown" })
end)

check.case("in a module while it loads, and in dofile", function()
  local path = os.tmpname()
  local file = check.ok(io.open(path, "w"))
  file:write "sleep(0.001) return { name = ... or 'none' }"
  file:close()
  check.equal(dofile(path).name, "none")
  local before = package.path
  os.rename(path, path .. ".lua")
  package.path = path:match "^(.*)/" .. "/?.lua"
  local name = path:match "([^/]*)$"
  check.equal(require(name).name, name)
  package.path = before
  package.loaded[name] = nil
  os.remove(path .. ".lua")
end)

check.case("in a sort comparator it raises, and so do the other C boundaries", function()
  local boundaries = {
    sort = function() table.sort({ 3, 1, 2 }, function(a, b) sleep(0) return a < b end) end,
    gsub = function() ("abc"):gsub(".", function() sleep(0) end) end,
    tostring = function() tostring(setmetatable({}, { __tostring = function() sleep(0) end })) end,
    load = function() error(select(2, load(function() sleep(0) end)), 0) end,
    ["xpcall handler"] = function() error(select(2, xpcall(error, function() sleep(0) end)), 0) end,
  }
  for name, boundary in pairs(boundaries) do
    local problem = check.raises(boundary, nil, name)
    if name ~= "xpcall handler" then
      check.match(tostring(problem.message or problem), "sleep" .. NOWHERE:gsub("%p", "%%%0"), name)
    end
  end
  sleep(0.001)  -- and afterwards all is well
end)

check.case("a coroutine below such a boundary cannot wait either", function()
  table.sort({ 2, 1 }, function(a, b)
    coroutine.wrap(function()
      check.raises(function() sleep(0) end, "cannot wait inside a sort comparator")
      spawn(function() sleep(0.001) end)
    end)()
    return a < b
  end)
end)

check.case("there, what need not wait works", function()
  local near, far = pair()
  far:write "b\na\n"
  check.eventually(function() return #near:peek() == 4 end)
  local lines = {}
  table.sort({ 1, 2, 3 }, function(a, b)
    if #lines < 2 then
      lines[#lines + 1] = near:read "l"
      near:write(lines[#lines])
    end
    return a < b
  end)
  check.same(lines, { "b", "a" })
  check.equal(far:read(2), "ba")
end)

check.case("in callbacks of every kind", function()
  local near, far = pair()
  local log = {}
  local function note(name)
    return function()
      sleep(0.001)
      log[#log + 1] = name
    end
  end
  timeout(0, note "timer")
  read(near, note "watcher")
  far:write "x"
  far:on { open = note "hook" }
  local ev = event(note "event", nil, "timeout"):add(0)
  check.eventually(function() return #log == 4 end)
  table.sort(log)
  check.same(log, { "event", "hook", "timer", "watcher" })
  check.equal(ev:pending(), false)
  far:close()
end)

check.done()
