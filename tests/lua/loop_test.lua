--- The loop: shared/seeds.md 3.4, by its numbers.
local check = require "check"
local child = require "child"
local fifo = require "fifo"

local LATE <const> = 0.15

check.case_here("S101 abort ends dispatch; what was not due yet does not run", function()
  local clock = check.clock()
  timeout(0.1, abort)
  local t = timeout(0.5, check.expect(nil, 0))
  check.equal(dispatch(), "abort")
  clock:took(0.1, 0.1 + LATE)
  check.equal(t:delete(), true)
end)

check.case_here("no callback starts after the one that aborts; what was due stays", function()
  local both = fifo "both"
  local order = {}
  timeout(0.01, function() order[#order + 1] = "first" abort() end)
  local second = timeout(0.01, function() order[#order + 1] = "second" end)
  local over = now() + 0.02
  while now() < over do end
  check.equal(dispatch(), "abort")
  check.same(order, { "first" })
  check.equal(second:pending(), true)
  check.equal(dispatch(), "empty")
  check.same(order, { "first", "second" })
  order = {}
  for i = 1, 3 do write(both, function() order[#order + 1] = i abort() end) end
  for i = 1, 3 do
    check.equal(dispatch(), "abort")
    check.equal(#order, i)
  end
  check.same(order, { 1, 2, 3 })
end)

check.case_here("S103 abort deletes nothing", function()
  local both = fifo "both"
  local things = { read(both, print), write(both, print), signal("USR1", print), timeout(60, print),
    event(print, nil, "read persist", both):add() }
  things[2]:delete()
  timeout(0, abort)
  check.equal(dispatch(), "abort")
  for i, thing in ipairs(things) do check.equal(thing:pending(), i ~= 2) end
  for _, thing in ipairs(things) do thing:delete() end
  check.equal(dispatch(), "empty")
end)

check.case_here("S105 abort(seconds) ends the dispatch that runs then, and keeps nothing alive",
  function()
    local clock = check.clock()
    local t = timeout(86400, print)
    abort(0.1)
    check.equal(dispatch(), "abort")
    clock:took(0.1, 0.1 + LATE)
    t:delete()
    abort(60)
    check.equal(dispatch(), "empty")
    abort(0)
  end)

check.case_here("an abort before dispatch is not for it", function()
  abort()
  timeout(0.01, check.expect(nil))
  check.equal(dispatch(), "empty")
end)

check.case("S109 a pass tells how many callbacks it ran", function()
  local files = { fifo "both", fifo "both", fifo "both" }
  for _, file in ipairs(files) do
    file:write "x"
    read(file, check.expect(function() file:close() end))
  end
  timeout(0, check.expect(nil))
  check.equal(loop(true), 4)
end)

check.case_here("loop: nil with nothing registered, else waits for something", function()
  check.equal(loop(), nil)
  check.equal(loop(true), nil)
  local began = now()
  timeout(0.2, check.expect(nil))
  check.equal(loop(true), 0)
  check.equal(loop(), 1)
  check.ok(now() - began >= 0.2)
  check.equal(loop(), nil)
end)

check.case("a pass of timers alone, of descriptors alone, or of neither", function()
  local both = fifo "both"
  local order = {}
  local w = write(both, function() order[#order + 1] = "io" end)
  local t = timeout(0, function() order[#order + 1] = "timer" end)
  check.equal(loop { io = false, timers = false }, 0)
  check.equal(loop { io = false }, 1)
  check.same(order, { "timer" })
  t:add(0)
  check.equal(loop { timers = false }, 1)
  check.same(order, { "timer", "io" })
  check.equal(w:pending(), false)
  t:delete()
  check.raises(function() loop { oi = true } end, "did you mean 'io'")
  check.raises(function() loop { io = 1 } end, "boolean")
end)

check.case_here("S111 an error is raised from dispatch, or from loop", function()
  timeout(0.01, function() error "bad" end)
  local other = timeout(0.3, check.expect(nil))
  local problem = check.raises(dispatch, "loop_test.lua:%d+: bad$")
  check.equal(type(problem), "string")
  check.equal(other:pending(), true)
  check.equal(dispatch(), "empty")
  local thrown = {}
  timeout(0, function() error(thrown) end)
  check.equal(check.raises(function() loop(true) end), thrown)
end)

check.case("S113 without a dispatch a traceback is printed, and all goes on", function()
  local output, status = child [[
    local t = timeout(0.01, function() error "bad" end)
    timeout(0.02, function() print("goes on", t:pending()) end)]]
  check.match(output, "timer 1: [^\n]*:1: bad\nstack traceback:\n")
  check.match(output, "\ngoes on\tfalse\n$")
  check.equal(status, 1)
end)

check.case_here("S115 abort_branch ends the callback alone", function()
  local order = {}
  local t = timeout(0.01, function()
    pcall(function()
      local function note() order[#order + 1] = "closed" end
      local scope <close> = setmetatable({}, { __close = note })
      abort_branch()
    end)
    order[#order + 1] = "never"
  end)
  timeout(0.01, function() order[#order + 1] = "next" end)
  check.equal(dispatch(), "empty")
  table.sort(order)
  check.same(order, { "closed", "next" })
  check.equal(t:pending(), false)
end)

check.case("what it would have returned is not looked at: a watcher stays armed", function()
  local both = fifo "both"
  local runs, w = 0
  w = write(both, function()
    runs = runs + 1
    if runs == 3 then w:delete() end
    abort_branch()
  end)
  check.eventually(function() return runs == 3 end)
  sleep(0.01)
  check.equal(runs, 3)
end)

check.case_here("S117 init deletes everything", function()
  local both = fifo "both"
  local freed = 0
  local things = { timeout(60, print), read(both, print), write(both, print), except(both, print),
    signal("USR1", print), event(print, nil, "read", both):add(), event(print):add(60) }
  things[1]:on_free(function() freed = freed + 1 end)
  init()
  check.equal(dispatch(), "empty")
  for _, thing in ipairs(things) do check.equal(thing:pending(), false) end
  check.equal(freed, 1)
  init()
  check.equal(dispatch(), "empty")
  check.equal(freed, 1)
  local _, status = child [[
    signal("USR1", print)
    init()
    os.execute("kill -USR1 $PPID")
    sleep(1)]]
  check.ok(status == 10 or status == 128 + 10, "it lived on: " .. tostring(status))
end)

check.case_here("S119 what is registered moves to another poll method", function()
  local method = reactor.method
  for _, other in ipairs(reactor.methods()) do
    local both = fifo "both"
    local file = check.ok(io.open(arg[0]))
    read(both, check.expect(function() both:read(1) end))
    read(file, check.expect(nil))
    check.equal(initialize { methods = { other } }, other)
    check.equal(reactor.method, other)
    both:write "x"
    check.equal(dispatch(), "empty")
  end
  check.equal(initialize { methods = { method } }, method)
end)

check.case("initialize: strict or not, and what it refuses", function()
  local method = reactor.method
  local has = {}
  for _, name in ipairs(reactor.methods()) do has[name] = true end
  if not has.kqueue then
    check.fails("ENOENT", initialize { methods = { "kqueue" }, options = { "strict" } })
    check.equal(reactor.method, method)
    check.equal(initialize { methods = { "kqueue", "poll" } }, "poll")
    check.equal(initialize { methods = { "kqueue" } }, reactor.methods()[1])
  end
  check.fails("ENOENT", initialize { options = { "strict" } })
  check.equal(initialize(), reactor.methods()[1])
  check.equal(initialize { methods = { method } }, method)
  check.raises(function() initialize { method = { "poll" } } end, "did you mean 'methods'")
  check.raises(function() initialize { methods = { "pol" } } end, "did you mean 'poll'")
  check.raises(function() initialize { options = { "strikt" } } end, "did you mean 'strict'")
  check.raises(function() initialize { methods = "poll" } end, "must be a table")
  check.raises(function() initialize "poll" end, "table expected")
  check.equal(reactor.method, method)
end)

check.case("S121 the report keeps nothing alive", function()
  local began = now()
  local output, status = child [[
    initialize { options = { "report" } }
    timeout(0.01, print, "done")]]
  check.equal(output, "done\n")
  check.equal(status, 0)
  check.ok(now() - began < 4)
end)

if reactor.method == "epoll" then  -- it takes five seconds
  check.case("S121 and tells the counts every five seconds", function()
    local output = child [[
      initialize { options = { "report" } }
      timeout(5.2, print, "done")]]
    check.match(output, "^%d+%-%d+%-%d+ %d+:%d+:%d+ info report: timers 1, signals 0, "
      .. "reads 0, writes 0\ndone\n$")
  end)
end

check.case("verbose tells what is added and removed, and the method", function()
  local output = child [[
    initialize { options = { "verbose" } }
    local w = write(1, print)
    w:delete()
    abort()]]
  check.match(output, "debug method %l+\n.*debug add watcher 1\n.*debug remove watcher 1\n.*"
    .. "debug abort\n")
end)

check.case("of timers, signals and events as well", function()
  local output = child [[
    initialize { options = { "verbose" } }
    local t = timeout(60, print)
    t:label "tea"
    t:add(50)
    t:cancel()
    t:cancel()
    timeout(nil, print)
    local s = signal("USR1", print)
    s:delete()
    local e = event(print)
    e:add(60)
    init()
    initialize {}
    timeout(60, print):delete()]]
  local said = {}
  for word in output:gmatch "debug ([^\n]*)\n" do said[#said + 1] = word end
  table.remove(said, 1)  -- the method
  check.same(said, { "add timer 1", "add timer 1 'tea'", "remove timer 1 'tea'",
    "add signal 1", "remove signal 1", "add event 1", "remove event 1" })
end)

check.case("S123 report counts what is armed", function()
  local both = fifo "both"
  local before = report()
  local things = { timeout(60, print), timeout(60, print), timeout(nil, print),
    signal("USR1", print), read(both, print), write(both, print), write(both, print),
    event(print, nil, "read", both) }
  things[7]:delete()
  things[7]:add()
  local counts = report()
  for name, want in pairs { timers = 2, signals = 1, reads = 1, writes = 2 } do
    check.equal(counts[name] - before[name], want, name)
  end
  for _, thing in ipairs(things) do thing:delete() end
  check.same(report(), before)
end)

check.case_here("S125 the sleep rate bounds what is added, turbo replaces it", function()
  local rates <close> = setmetatable({}, { __close = function() set_sleep(0) set_turbo(0) end })
  local both = fifo "both"
  --- How late it is at least, or may be without what others ran.
  local function late()
    local clock, passed, waited = check.clock()
    timeout(0.05, function() passed, waited = clock:passed() end)
    dispatch()
    return passed - 0.05, passed - 0.05 - waited
  end
  local function soon(what) check.ok(select(2, late()) < 0.05, what) end
  soon "without a rate"
  set_sleep(0.2)
  local took, fair = late()
  check.ok(took >= 0.1 and fair < 0.2 + LATE, ("late by %.3f s"):format(took))
  set_turbo(0.001)
  local w = read(both, print)
  timeout(0.2, function() w:delete() end)  -- later than what is measured: without it the rate is back
  soon "turbo"
  set_sleep(0)
  set_turbo(0)
  soon "without a rate again"
  check.raises(function() set_sleep(-1) end, "negative")
end)

check.case("S133 hooks run around each poll, in the order added", function()
  local order = {}
  local function note(what) return function() order[#order + 1] = what end end
  local hooks = { before_sleep(note "b1"), before_sleep(note "b2"), after_sleep(note "a1"),
    after_sleep(note "a2") }
  timeout(0, note "timer")
  loop(true)
  check.match(table.concat(order, " "), "b1 b2 a1 a2 timer")
  check.equal(hooks[1]:delete(), true)
  check.equal(hooks[1]:delete(), false)
  order = {}
  timeout(0, note "timer")
  loop(true)
  check.match(table.concat(order, " "), "b2 a1 a2 timer")
  for i = 2, 4 do hooks[i]:delete() end
  order = {}
  sleep(0.01)
  check.same(order, {})
end)

check.case("the before hook is told how long it is to the nearest timer", function()
  local seen
  local t = timeout(30, print)
  local h = before_sleep(function(seconds) seen = seconds end)
  loop(true)
  h:delete()
  t:delete()
  check.ok(seen > 29 and seen <= 30)
end)

check.case_here("S135 a pass does not wait if the hook says so, or made something ready", function()
  local both = fifo "both"
  local t = timeout(60, print)
  local h = before_sleep(function() return false end)
  check.equal(loop { timers = true }, 1)  -- the hook itself is a callback
  h:delete()
  local told = check.expect(nil, 3)
  h = before_sleep(function() h:delete() timeout(0, told) end)
  loop()
  h = before_sleep(function() h:delete() both:write "x" end)
  read(both, told)
  loop()
  h = before_sleep(function() h:delete() spawn(told) end)
  loop()
  t:delete()
end)

check.case_here("what the before hook writes to a connection leaves before the poll", function()
  local got
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c) got = c:read "l" end))
  local c <close> = check.ok(connect(srv.address))
  local h
  h = before_sleep(function()
    h:delete()
    c:write "in time\n"
  end)
  local began, t = now(), timeout(5, print)
  while not got and now() - began < 5 do loop() end
  t:delete()
  check.equal(got, "in time")
  check.ok(now() - began < 4, "it did not wait for the timer")
end)

check.case("a hook that waits is left out until it has ended; one that fails is dropped",
  function()
    local inside, runs, h = false, 0
    h = before_sleep(function()
      check.equal(inside, false)
      inside, runs = true, runs + 1
      sleep(0.01)
      inside = false
    end)
    check.eventually(function() return runs >= 2 end)
    h:delete()
    check.eventually(function() return not inside end)
    check.raises(function()
      h = after_sleep(function() error "bad" end)
      timeout(0.02, function() end)
      dispatch()
    end, "bad")
    check.equal(h:delete(), false)
    init()
  end)

check.case_here("hooks keep nothing alive, and live without a variable", function()
  local runs = 0
  local function count() runs = runs + 1 end
  local hooks = setmetatable({ before_sleep(count), after_sleep(count) }, { __mode = "v" })
  collectgarbage()
  collectgarbage()
  local before = runs
  timeout(0.01, function() end)
  check.equal(dispatch(), "empty")
  check.ok(runs > before)
  for _, hook in ipairs(hooks) do check.equal(hook:delete(), true) end
  check.equal(#hooks, 2)
end)

check.case("S137 wait: false when the time is over, others run meanwhile", function()
  local both = fifo "both"
  local ticks, clock = 0, check.clock()
  local t = timeout(0.01, function() ticks = ticks + 1 return true end)
  check.equal(wait(both, "r", 0.05), false)
  clock:took(0.05, 0.05 + LATE)
  check.ok(ticks >= 1)  -- as many as that, however long we are held up
  t:delete()
  check.equal(wait(both, "w", 1), "w")
  check.equal(wait(both, "rw"), "w")
  both:write "x"
  check.equal(wait(both), "r")
  check.equal(wait(both, "rw", 0), "rw")
  both:read(1)
  check.equal(wait(both, "r", 0), false)
end)

check.case("S137 wait returns at once when the peer has hung up", function()
  local reader, writer = fifo()
  timeout(0.02, function() writer:close() end)
  check.equal(wait(reader, "r", 1), "r")
  check.equal(wait(reader, "r", 1), "r")
end)

check.case("wait takes connections and listeners, and ends with them", function()
  local srv = check.ok(listen(0))
  spawn(function() check.equal(wait(srv, "r", 1), "r") end)
  sleep(0)
  local near = check.ok(connect(srv.address))
  local far = check.ok(srv:accept())
  check.equal(wait(near, "r", 0.01), false)
  check.equal(wait(near, "w", 1), "w")
  far:write "x"
  check.equal(wait(near, "r", 1), "r")
  check.equal(wait(near, "rw", 1), "rw")
  check.equal(near:take(), "x")
  timeout(0.01, function() near:close() end)
  check.fails("ECLOSED", wait(near, "r", 1))
  check.fails("EBADF", wait(near, "r", 1))
  check.fails("EBADF", wait(-1, "r", 1))
  check.raises(function() wait(0, "x", 1) end, '"r", "w" or "rw"')
  far:close()
  srv:close()
end)

check.case("a cancelled wait leaves nothing behind", function()
  local both = fifo "both"
  local waiting = spawn(function() wait(both, "r") end)
  sleep(0.01)
  waiting:cancel()
  check.eventually(function() return not waiting:alive() end)
  both:close()
  local fresh = fifo "both"
  fresh:write "x"
  check.equal(wait(fresh, "r", 1), "r")
end)

check.case_here("pause and resume", function()
  timeout(0.01, pause)
  timeout(0.02, check.expect(nil))
  check.equal(dispatch(), "pause")
  check.equal(resume(), "empty")
end)

check.case_here("a second dispatch is refused, the first is unaffected", function()
  timeout(0.01, check.expect(function() check.fails("EBUSY", dispatch()) end))
  timeout(0.02, check.expect(nil))
  check.equal(dispatch(), "empty")
  check.equal(dispatch(), "empty")
end)

check.case("the clock goes forward, sleep is never early, next_due looks ahead", function()
  local before = now()
  sleep(0.02)
  check.ok(now() - before >= 0.02)
  sleep(0)
  check.raises(function() sleep(-1) end, "negative")
  check.raises(function() sleep() end, "bad argument #1")
  local t, u = timeout(60, print), timeout(30, print)
  check.ok(next_due() > 29 and next_due() <= 30)
  u:delete()
  check.ok(next_due() > 59)
  t:delete()
  check.equal(next_due(), nil)
end)

check.done { errors_expected = true }
