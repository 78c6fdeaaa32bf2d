--- Timers: shared/seeds.md 3.1, by its numbers. Times are never early; "at" allows for a
-- busy machine.
local check = require "check"
local fifo = require "fifo"

local LATE <const> = 0.15

-- It is `wanted` seconds after the clock began.
local function at(clock, wanted) clock:took(wanted, wanted + LATE) end

local function stall(seconds)
  local over = now() + seconds
  while now() < over do end
end

check.case_here("S1 a timeout runs once, at its time, with exactly its arguments", function()
  local clock = check.clock()
  timeout(0.2, check.expect(function(...)
    at(clock, 0.2)
    check.same(table.pack(...), { n = 2, "a", "b" })
  end), "a", "b")
  check.equal(dispatch(), "empty")
end)

check.case("S3 nil arguments arrive as well", function()
  timeout(0.01, check.expect(function(...)
    check.same(table.pack(...), { n = 3, nil, 1, nil })
  end), nil, 1, nil)
end)

check.case("more arguments than can be kept raise; none is lost", function()
  local many = {}
  for i = 1, 65000 do many[i] = i end
  timeout(0, check.expect(function(...)
    check.equal(select("#", ...), 65000)
    check.equal((select(65000, ...)), 65000)
  end), table.unpack(many))
  many[65001], many[70000] = 65001, 70000
  check.raises(function() timeout(0, print, table.unpack(many, 1, 70000)) end,
    "timeout: too many arguments %(70000, at most 65000%)")
end)

check.case_here("S5 one that was deleted and added runs at its new time only", function()
  local clock = check.clock()
  local t = timeout(0.4, check.expect(function() at(clock, 0.2) end))
  check.equal(t:delete(), true)
  check.equal(t:add(0.2), t)
  check.equal(dispatch(), "empty")
end)

check.case_here("S7 they run by deadline", function()
  local order, sorted = {}, {}
  for _, ms in ipairs { 30, 10, 20 } do
    local t = timeout(ms / 1000, function() order[#order + 1] = ms end)
    sorted[#sorted + 1] = { due = t:due(), ms = ms }
  end
  dispatch()
  table.sort(sorted, function(a, b) return a.due < b.due end)  -- 10, 20, 30, unless we are held up
  for i, each in ipairs(sorted) do check.equal(order[i], each.ms) end
end)

check.case_here("S9 equal deadlines run in the order armed; to arm again is to be last", function()
  local order = {}
  timeout(0, function()
    local first = timeout(0, function() order[#order + 1] = "first" end)
    timeout(0, function() order[#order + 1] = "second" end)
    timeout(0, function() order[#order + 1] = "third" end)
    first:add(0)
  end)
  dispatch()
  check.same(order, { "second", "third", "first" })
end)

check.case_here("S11 one that returns true runs again, until it returns nil", function()
  local clock, n = check.clock(), 0
  timeout(0.05, function()
    n = n + 1
    at(clock, n * 0.05)
    return n < 3 or nil
  end)
  check.equal(dispatch(), "empty")
  check.equal(n, 3)
end)

check.case_here("in Lua 0 and the empty string are true", function()
  local runs = 0
  for _, value in ipairs { 0, "" } do
    local mine = 0
    timeout(0.001, function()
      runs, mine = runs + 1, mine + 1
      if mine < 2 then return value end
    end)
  end
  timeout(0.001, function() runs = runs + 1 return false end)
  dispatch()
  check.equal(runs, 5)
end)

check.case_here("S13 periods count from when it was due, not from its callback", function()
  local clock, n = check.clock(), 0
  timeout(0.1, function()
    n = n + 1
    stall(0.03)
    return n < 5
  end)
  dispatch()
  clock:took(0.5, 0.6, "the fifth is over")
end)

check.case_here("S15 missed periods are skipped, not made up for", function()
  local periods, began = {}, now()
  timeout(0.05, function()
    periods[#periods + 1] = (now() - began) // 0.05
    if #periods == 1 then stall(0.12) end
    return #periods < 5
  end)
  dispatch()
  check.ok(periods[2] - periods[1] >= 2, "the stall skips some")
  for i = 2, 5 do check.ok(periods[i] > periods[i - 1], "a burst") end
end)

check.case_here("S19 add inside its own callback wins over returning nothing", function()
  local clock, runs, t = check.clock(), 0
  t = timeout(0.3, function()
    runs = runs + 1
    at(clock, runs == 1 and 0.3 or 0.35)
    if runs == 1 then t:add(0.05) end
  end)
  check.equal(dispatch(), "empty")
  check.equal(runs, 2)
end)

check.case_here("delete inside its own callback wins over returning true", function()
  local t
  t = timeout(0.01, check.expect(function() t:delete() return true end))
  check.equal(dispatch(), "empty")
  check.equal(t:pending(), false)
end)

check.case_here("S21 one deleted by another of the same pass does not run", function()
  local second
  timeout(0.01, function() check.equal(second:delete(), true) end)
  second = timeout(0.01, check.expect(nil, 0))
  stall(0.02)
  check.equal(dispatch(), "empty")
end)

check.case_here("S23 a timer that re-arms itself with 0 does not starve a reader", function()
  local reader, writer = fifo()
  local spinner, written
  spinner = timeout(0, function() spinner:add(0) end)
  read(reader, check.expect(function()
    written:took(0, 0.02 + LATE)
    check.equal(reader:read(1), "x")
    spinner:delete()
  end))
  timeout(0.05, function() writer:write "x" written = check.clock() end)
  check.equal(dispatch(), "empty")
end)

check.case_here("nor does one that stays by returning true with 0", function()
  local turns = 0
  timeout(0, function() turns = turns + 1 return turns < 1000 end)
  timeout(0.001, check.expect(nil))
  dispatch()
  check.equal(turns, 1000)
end)

check.case_here("S25 a hundred repeating timers end by themselves", function()
  local clock = check.clock()
  for i = 1, 100 do
    local period, runs, t = i % 2 == 0 and 0.1 or 0.2, 0
    t = timeout(period, function()
      runs = runs + 1
      if runs == 4 then
        at(clock, 4 * period)
        t:delete()
      end
      check.ok(runs <= 4)
      return true
    end)
  end
  dispatch()
  at(clock, 0.8)
end)

check.case_here("S27 long after short: each at its own time", function()
  local clock = check.clock()
  for _, seconds in ipairs { 0.1, 0.2, 0.4 } do
    timeout(seconds, check.expect(function() at(clock, seconds) end))
  end
  dispatch()
end)

check.case_here("S29 a timer of more than a day keeps dispatch going", function()
  local clock = check.clock()
  local t = timeout(90000, check.expect(nil, 0))
  abort(0.1)
  check.equal(dispatch(), "abort")
  at(clock, 0.1)
  check.equal(t:delete(), true)
end)

check.case("S31 remaining falls to 0 and stays there", function()
  local t = timeout(0.5, check.expect(nil))
  local before = t:remaining()
  check.ok(before > 0.4 and before <= 0.5)
  for _ = 1, 5 do
    sleep(0.02)
    local left = t:remaining()
    check.ok(left < before)
    before = left
  end
  sleep(0.5)
  check.equal(t:remaining(), 0)
  check.equal(t:pending(), false)
end)

check.case("S33 cancel tells whether it was alive; restart arms it anew", function()
  local t = timeout(0.1, check.expect(nil))
  check.equal(t:alive(), true)
  check.equal(t:cancel(), true)
  check.equal(t:cancel(), false)
  check.equal(t:alive(), false)
  local clock = check.clock()
  t:restart()
  check.equal(t:alive(), true)
  check.eventually(function() return not t:alive() end)
  at(clock, 0.1)
end)

check.case("S35 restart inside the callback makes it periodic", function()
  local runs, t = 0
  t = timeout(0.01, check.expect(function()
    runs = runs + 1
    if runs < 3 then t:restart() end
  end, 3))
end)

check.case("reset gives it a new period, and nil makes it un-armed", function()
  local t = timeout(nil, check.expect(nil))
  check.equal(t:pending(), false)
  local clock = check.clock()
  check.equal(t:reset(0.05), t)
  check.eventually(function() return not t:pending() end)
  at(clock, 0.05)
end)

check.case("S37 impossible delays raise, those beyond all clocks never come", function()
  for _, delay in ipairs { -1, -0.001, 0 / 0, "soon", {}, true } do
    check.raises(function() timeout(delay, print) end, "bad argument #1")
    local t = timeout(nil, print)
    check.raises(function() t:add(delay) end, "bad argument #1")
  end
  check.raises(function() timeout(1) end, "bad argument #2")
  for _, delay in ipairs { math.huge, 1e18, 1e300 } do
    local t = timeout(delay, check.expect(nil, 0))
    check.equal(t:pending(), true)
    check.ok(t:remaining() > 1e9)
    sleep(0.001)
    check.equal(t:delete(), true)
  end
end)

check.case("one whose callback waits is not called again before that has ended", function()
  local inside, runs = false, 0
  timeout(0.01, check.expect(function()
    check.equal(inside, false)
    inside, runs = true, runs + 1
    sleep(0.03)
    inside = false
    return runs < 3
  end, 3))
end)

check.case("S139 on_free runs once, after the timer's callback has returned", function()
  local order, t = {}
  t = timeout(0.01, function()
    t:delete()
    sleep(0.01)
    order[#order + 1] = "callback"
  end)
  t:on_free(check.expect(function() order[#order + 1] = "freed" end))
  check.eventually(function() return #order == 2 end)
  check.same(order, { "callback", "freed" })
end)

check.case("S139 also when it is deleted while on_free is about to run", function()
  local freed = 0
  local t = timeout(0.001, function() end):on_free(function() freed = freed + 1 end)
  timeout(0.001, function() t:delete() end)
  repeat until now() > t:due() + 0.001  -- both are due in one pass
  check.eventually(function() return freed == 1 end)
end)

check.case("S139 also when the timer's callback has failed", function()
  local freed = 0
  timeout(0, function() error "bad" end):on_free(function() freed = freed + 1 end)
  check.raises(dispatch, "bad")
  check.eventually(function() return freed == 1 end)
end)

check.case("139. also when it was never armed and its connection ends", function()
  local srv <close> = listen("127.0.0.1:0", function(c) c:read() end)
  local c <close> = connect(srv.address)
  local t = c:timeout(nil, print):on_free(check.expect())
  check.equal(t:pending(), false)
  c:close()
end)

check.case("a failing timer is dropped, and another goes on", function()
  local t
  check.raises(function()
    t = timeout(0.01, function() error "bad" end)
    timeout(0.02, check.expect(nil))
    dispatch()
  end, "bad")
  check.equal(t:pending(), false)
end)

check.case_here("a callback may run dispatch itself, once the main chunk does not", function()
  timeout(0.01, check.expect(function()
    timeout(0.01, check.expect(nil))
    check.fails("EBUSY", dispatch())
  end))
  check.equal(dispatch(), "empty")
end)

check.done()
