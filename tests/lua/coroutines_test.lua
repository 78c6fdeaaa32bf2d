--- Waiting inside the program's own coroutines: it passes through, by wrap and by resume; and
-- what becomes of them when the task that waits is cancelled or ended.
local check = require "check"
local child = require "child"
local pair = require "pair"

local function closing(fn) return setmetatable({}, { __close = fn }) end

check.case("a coroutine of the program may wait, three deep, by wrap and resume", function()
  local near, far = pair()
  local log = {}
  local function note(value) log[#log + 1] = value end
  local function reader()
    return coroutine.wrap(function(first)
      note(first)
      local inner = coroutine.create(function(...)
        note(table.pack(...))
        local innermost = coroutine.wrap(function()
          note(near:read "l")
          note(coroutine.yield("yielded"))
          sleep(0.001)
          return near:read "l", "end"
        end)
        note(innermost())
        return innermost("resumed")
      end)
      local results = table.pack(coroutine.resume(inner, 1, nil))
      note(coroutine.status(inner))
      coroutine.yield("between")
      return table.unpack(results, 1, results.n)
    end)
  end
  local ticks = 0
  timeout(0.005, function()
    ticks = ticks + 1
    if ticks == 2 then far:write "one\n" end
    if ticks == 4 then far:write "two\n" end
    return ticks < 4
  end)
  local step = reader()
  check.equal(step("first"), "between")
  check.same(table.pack(step()), { n = 3, true, "two", "end" })
  check.same(log, { "first", { n = 2, 1, nil }, "one", "yielded", "resumed", "dead" })
  check.equal(ticks, 4)
end)

check.case("a generator may wait between its values", function()
  local function ticker(n)
    return coroutine.wrap(function()
      for i = 1, n do
        sleep(0.001)
        coroutine.yield(i)
      end
    end)
  end
  local sum = 0
  for i in ticker(10) do sum = sum + i end
  check.equal(sum, 55)
end)

check.case("errors of a coroutine that waited reach who resumed it", function()
  local co = coroutine.create(function()
    sleep(0.001)
    error "after the wait"
  end)
  local ok, message = coroutine.resume(co)
  check.equal(ok, false)
  check.match(message, "after the wait$")
  check.raises(coroutine.wrap(function()
    sleep(0.001)
    error("through wrap", 0)
  end), "through wrap$")
  local guarded = coroutine.wrap(function()
    return pcall(function()
      sleep(0.001)
      error("inside", 0)
    end)
  end)
  check.same(table.pack(guarded()), { n = 2, false, "inside" })
end)

check.case("nobody else may resume or close a coroutine that waits", function()
  local co
  local task = spawn(function()
    co = coroutine.create(function()
      sleep(0.02)
      return "done"
    end)
    return coroutine.resume(co)
  end)
  sleep(0)
  check.equal(coroutine.status(co), "suspended")
  check.same(table.pack(coroutine.resume(co)), { n = 2, false, "cannot resume a waiting coroutine" })
  check.raises(function() coroutine.close(co) end, "cannot close a waiting coroutine")
  check.same(table.pack(task:join()), { n = 2, true, "done" })
  check.equal(coroutine.status(co), "dead")
end)

check.case("a task cancelled in a coroutine gets the error there", function()
  local log = {}
  local task = spawn(function()
    local co = coroutine.wrap(function()
      log[#log + 1] = table.pack(pcall(sleep, 60))
      coroutine.yield("caught")
    end)
    local caught = co()
    log[#log + 1] = caught
    sleep(60)
    log[#log + 1] = "too far"
  end)
  sleep(0)
  task:cancel()
  check.same(table.pack(task:join(1)), { n = 2, nil, "cancelled" })
  check.same(log, { { n = 2, false, "cancelled" }, "caught" })
end)

-- Waits three coroutines deep, by resume and by wrap; each level logs what its <close> gets.
local function three_deep(log, wait)
  local function level(name, inner)
    return function()
      local guard <close> = closing(function(_, problem) log[#log + 1] = { name, problem } end)
      inner()
    end
  end
  local innermost = coroutine.create(level("innermost", wait))
  local middle = coroutine.wrap(level("middle", function()
    local ok, problem = coroutine.resume(innermost)
    if not ok then error(problem, 0) end
  end))
  level("base", function() middle() end)()
end

check.case("<close> variables of a task cancelled in a coroutine run, innermost first", function()
  local log = {}
  local task = spawn(three_deep, log, function() sleep(60) end)
  sleep(0)
  task:cancel()
  check.same(table.pack(task:join(1)), { n = 2, nil, "cancelled" })
  check.same(log,
    { { "innermost", "cancelled" }, { "middle", "cancelled" }, { "base", "cancelled" } })
end)

check.case("... and of one that is ended at its next wait, which raises nothing", function()
  local log, tried = {}, 0
  local task = spawn(three_deep, log, function()
    while true do
      tried = tried + 1
      pcall(sleep, 60)
    end
  end)
  sleep(0)
  task:cancel()
  check.equal(task:join(1), nil)
  check.equal(tried, 2)
  check.same(log, { { "innermost" }, { "middle" }, { "base" } })
end)

check.case("... and when the owner closes, or abort_branch is called there", function()
  local log = {}
  local near, far <close> = pair()
  local task = near:spawn(three_deep, log, function() near:read() end)
  sleep(0)
  near:close()
  check.equal(task:join(1), nil)
  check.equal(#log, 3)
  log = {}
  check.equal(spawn(three_deep, log, function() abort_branch() end):join(1), nil)
  check.same(log, { { "innermost" }, { "middle" }, { "base" } })
end)

check.case("a coroutine that was ended so is dead, and what its __close raises is reported", function()
  local co
  local output, status = child [[
    local function closing(text, problem)
      return setmetatable({}, { __close = function()
        print(text)
        if problem then error(problem) end
      end })
    end
    local co = coroutine.create(function()
      local one <close> = closing("first", "in the first")
      local two <close> = closing("second")
      pcall(sleep, 60)
      sleep(60)
    end)
    local task = spawn(function()
      local outer <close> = closing "outer"
      coroutine.resume(co)
      print "too far"
    end)
    sleep(0)
    task:cancel()
    task:join(1)
    print(coroutine.status(co), coroutine.resume(co))
    coroutine.wrap(function()
      local last <close> = closing "last"
      os.exit(7)
    end)()
  ]]
  check.match(output, "^second\nfirst\n.-in the first.-outer\ndead\tfalse\tcannot resume dead "
    .. "coroutine\nlast\n$")
  check.equal(status, 7)
end)

check.case("a thread that was ended in a coroutine is as good as new", function()
  for _ = 1, 5 do
    local log = {}
    local task = spawn(three_deep, log, function() abort_branch() end)
    check.equal(task:join(1), nil)
    check.equal(#log, 3)
    check.equal(spawn(function()
      sleep(0)
      return coroutine.wrap(function() sleep(0) return 5 end)()
    end):join(1), 5)
  end
end)

check.case("a task's base looks like the main program", function()
  spawn(function()
    local co, main = coroutine.running()
    check.equal(type(co), "thread")
    check.equal(main, true)
    check.equal(coroutine.isyieldable(), false)
    check.raises(coroutine.yield, "outside a coroutine")
    coroutine.wrap(function()
      check.same({ select(2, coroutine.running()), coroutine.isyieldable() }, { false, true })
    end)()
  end):join()
end)

check.case("two tasks may wait inside coroutines at once", function()
  local log = {}
  local function run(name, delay)
    return spawn(function()
      coroutine.wrap(function()
        sleep(delay)
        log[#log + 1] = name
      end)()
    end)
  end
  local slow, quick = run("slow", 0.02), run("quick", 0.005)
  slow:join()
  quick:join()
  check.same(log, { "quick", "slow" })
end)

check.done()
