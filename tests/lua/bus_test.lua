--- The module bus: shared/seeds.md M13.
local check = require "check"
local bus = require "bus"

local PATIENCE <const> = 10

-- --- on one loop ------------------------------------------------------------------------------

check.case("M13: on hears every message of its name, in order; once the first only", function()
  local heard, first = {}, {}
  local on = bus.on("news", function(...) heard[#heard + 1] = table.pack(...) end)
  local once = bus.once("news", function(...) first[#first + 1] = ... end)
  check.equal(bus.push("news", 1, nil, nil), 2)
  check.equal(bus.push("other", 1), 0)
  check.equal(bus.push("news", "two"), 2)
  check.equal(#heard, 0, "not inside push")
  check.eventually(function() return #heard == 2 end)
  check.same(heard, { { 1, n = 3 }, { "two", n = 1 } })
  check.same(first, { 1 })
  check.equal(once:pending(), false)
  check.equal(on:pending(), true)
  check.equal(on.name, "news")
  check.equal(math.type(on.id), "integer")
  check.equal(bus.push "news", 1)
  check.equal(on:delete(), true)
  check.equal(on:delete(), false)
  check.equal(bus.push "news", 0)
  sleep(0.01)
  check.equal(#heard, 2, "what was on its way")
end)

check.case("M13: one who listens to all is told the names, in the order of each sender", function()
  local heard, first = {}, {}
  local all = bus.on("*", function(name, ...)
    heard[#heard + 1] = table.concat({ name, select("#", ...), ... }, " ")
  end)
  local once = bus.once("*", function(name) first[#first + 1] = name end)
  local one = bus.on("a", function(...) heard[#heard + 1] = "a's own " .. select("#", ...) end)
  check.equal(bus.push("a", 1), 3)
  check.equal(bus.push("b", "x", "y"), 2)
  check.equal(bus.push "a", 3)
  check.eventually(function() return #heard == 5 end, PATIENCE)
  one:delete()
  local own = {}
  for i = #heard, 1, -1 do
    if heard[i]:find "own" then table.insert(own, 1, table.remove(heard, i)) end
  end
  check.same(heard, { "a 1 1", "b 2 x y", "a 0" })
  check.same(own, { "a's own 1", "a's own 0" })
  check.same(first, { "a" })
  check.equal(once:pending(), false)
  check.equal(all:delete(), true)
  check.equal(bus.push("a", 1), 0)
  check.raises(function() bus.push("*", 1) end, "bus_test.lua:%d+: push: a name expected")
end)

check.case("values are copied, many as well", function()
  local sent, got = { { "deep" } }, nil
  local values = {}
  for i = 1, 500 do values[i] = i end
  local l = bus.on("copies", function(t, ...) got = { t, select("#", ...), (select(500, ...)) } end)
  bus.push("copies", sent, table.unpack(values))
  sent[1][1] = "changed"
  check.eventually(function() return got end)
  check.same(got, { { { "deep" } }, 500, 500 })
  l:delete()
end)

check.case("while a callback waits messages gather, and come after it", function()
  local inside, order = false, {}
  local l = bus.on("slow", check.expect(function(n)
    check.equal(inside, false)
    inside = true
    sleep(0.01)
    order[#order + 1] = n
    inside = false
  end, 3))
  for i = 1, 3 do bus.push("slow", i) end
  check.eventually(function() return #order == 3 end)
  check.same(order, { 1, 2, 3 })
  l:delete()
end)

check.case("deleted in its own callback it ends; one that fails is dropped", function()
  local l
  l = bus.on("self", check.expect(function() l:delete() end))
  bus.push "self"
  bus.push "self"
  sleep(0.02)
  check.raises(function()
    l = bus.on("bad", function() error "bad" end)
    bus.push "bad"
    dispatch()
  end, "bus_test.lua:%d+: bad")
  check.equal(l:pending(), false)
end)

check.case_here("a listener keeps dispatch going until it is deleted", function()
  local l
  l = bus.on("end", check.expect(function() l:delete() end))
  timeout(0.01, function() bus.push "end" end)
  check.equal(dispatch(), "empty")
end)

check.case("what is wrong raises, and is not sent", function()
  local l = bus.on("never", check.expect(nil, 0))
  check.raises(function() bus.on(1, print) end, "bus_test.lua:%d+: bad argument #1 to 'on'")
  check.raises(function() bus.once("x") end, "bad argument #2 to 'once' %(function expected")
  check.raises(function() bus.push() end, "bad argument #1 to 'push'")
  check.raises(function() bus.push("never", 1, l) end,
    "bus_test.lua:%d+: push: argument 2: a bus_listener cannot be copied")
  sleep(0.01)
  l:delete()
end)

check.case("who is 64 MiB behind gets no more", function()
  local piece, n = ("x"):rep(1024 * 1024), 0
  local l = bus.on("much", function() n = n + 1 end)
  local pushed, message, code = 0, nil, nil
  repeat
    local told
    told, message, code = bus.push("much", piece)
    pushed = pushed + (told or 0)
  until not told or pushed > 100
  check.equal(pushed, 63)
  check.equal(message, "push much: a listener is behind by 64 MiB")
  check.equal(code, "ENOBUFS")
  check.eventually(function() return n == 63 end)
  check.equal(bus.push("much", "again"), 1)
  check.eventually(function() return n == 64 end)
  l:delete()
end)

-- --- between threads --------------------------------------------------------------------------

check.case("from threads to the first one: each sender's in order", function()
  local last, done = {}, 0
  local l = bus.on("count", function(sender, n)
    if n == "done" then done = done + 1 return end
    check.equal(n, (last[sender] or 0) + 1)
    last[sender] = n
  end)
  local threads = {}
  for sender = 1, 4 do
    threads[sender] = thread(function()
      local bus = require "bus"
      for n = 1, 200 do bus.push("count", sender, n) end
      bus.push("count", sender, "done")
    end)
  end
  for sender = 1, 4 do check.ok(threads[sender]:join(PATIENCE) == nil) end
  check.eventually(function() return done == 4 end, PATIENCE)
  check.same(last, { 200, 200, 200, 200 })
  l:delete()
end)

check.case("to threads and back: workers that share one name", function()
  local ready, squares = 0, {}
  local hello = bus.on("ready", function() ready = ready + 1 end)
  local answers = bus.on("square", function(who, n, square) squares[who .. " " .. n] = square end)
  local workers = {}
  for who = 1, 3 do
    workers[who] = thread(function()
      local bus = require "bus"
      local work
      work = bus.on("work", function(n)
        if n then bus.push("square", who, n, n * n) else work:delete() end
      end)
      bus.push "ready"
      dispatch()
      return who
    end)
  end
  check.eventually(function() return ready == 3 end, PATIENCE)
  check.equal(bus.push("work", 6), 3)
  check.equal(bus.push("work", 7), 3)
  bus.push "work"
  for who = 1, 3 do check.equal(workers[who]:join(PATIENCE), who) end
  check.eventually(function() return squares["3 7"] end)
  for who = 1, 3 do
    check.equal(squares[who .. " 6"], 36)
    check.equal(squares[who .. " 7"], 49)
  end
  hello:delete()
  answers:delete()
end)

check.case("listeners of a thread end with it", function()
  local t = thread(function() require("bus").on("gone", print) end)
  check.eventually(function() return bus.push("gone", "a line of the thread") == 1 end, PATIENCE)
  t:cancel()
  check.fails("ECANCELED", t:join(PATIENCE))
  check.equal(bus.push "gone", 0)
end)

check.done()
