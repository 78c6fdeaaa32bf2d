--- What pyae and its model, redis' ae, could do: shared/seeds.md 1.2, by its numbers. A13 are two
-- scripts: tests/scripts/run.
local check = require "check"
local child = require "child"
local fifo = require "fifo"
local pair = require "pair"

local PATIENCE <const> = 10  -- seconds, for what must come

check.case("A1 bits of a mask, which words say as well", function()
  check.same({ EV_TIMEOUT, EV_READ, EV_WRITE, EV_SIGNAL, EV_PERSIST, EV_BARRIER },
    { 1, 2, 4, 8, 16, 256 })
  for _, kind in ipairs { EV_READ | EV_WRITE | EV_BARRIER | EV_PERSIST, "read write barrier persist" } do
    local both = fifo "both"
    both:write "x"
    local ev = event(check.expect(function(_, _, fired) check.equal(fired, EV_READ | EV_WRITE) end), nil,
      kind, both):add()
    loop(true)
    ev:delete()
  end
end)

check.case("A2 B1 a handler for just the named direction, which gets its client", function()
  local near, far <close> = pair()
  local client = { received = "" }
  local ev = event(function(_, conn, fired, own)
    check.equal(fired, EV_READ)
    own.received = own.received .. conn:take()
  end, client, "read persist", near):add()
  sleep(0.01)  -- it is writable all the while
  check.equal(client.received, "")
  far:write "hello"
  check.eventually(function() return client.received == "hello" end, PATIENCE)
  ev:delete()
end)

check.case("A3 B2 directions add up on a descriptor, and each has its own handler", function()
  local both = fifo "both"
  local seen = {}
  local r = read(both, function() seen[#seen + 1] = "read" both:read(1) return true end)
  local w = write(both, function() seen[#seen + 1] = "write" return true end)
  both:write "x"
  loop(true)
  check.same(seen, { "read", "write" })
  w:delete()
  both:write "y"
  loop(true)
  check.same(seen, { "read", "write", "read" })
  w:add()  -- after a removal as well
  loop(true)
  check.equal(seen[4], "write")
  check.equal(r:pending(), true)
  w:delete()
  r:delete()
end)

check.case("A3 B3 no descriptor is too large for a table, unless the method has a limit", function()
  local output, status = child [[
    local files = {}
    for i = 1, 1100 do files[i] = assert(io.open "/dev/null") end
    local function tell(x, _, code)
      print(x and "there" or code)
      return x
    end
    tell(read(io.open "/dev/null", function() end))
    local srv = tell(listen("127.0.0.1:0", function(c) c:write "seen" end))
    tell(listen "127.0.0.1:0")
    if srv then print(tell(connect(srv.address)):read "a") end
    os.exit(0)]]
  if reactor.method == "select" then
    check.equal(output, "EINVAL\nEINVAL\nEINVAL\n")
  else
    check.equal(output, "there\nthere\nthere\nthere\nseen\n")
  end
  check.equal(status, 0)
end)

check.case("A4 removing: without the writer no barrier; what is not there is no matter", function()
  local both = fifo "both"
  local order = {}
  local r = read(both, function() order[#order + 1] = "read" return true end)
  local w = write(both, function() order[#order + 1] = "write" return true end):barrier(true)
  both:write "x"
  loop(true)
  check.same(order, { "write", "read" })
  check.equal(w:delete(), true)
  check.equal(w:delete(), false)
  local plain = write(both, function() order[#order + 1] = "plain" return true end)
  order = {}
  loop(true)
  check.same(order, { "read", "plain" })
  plain:delete()
  r:delete()
end)

check.case("A5 B3 one call tells both bits; a hang-up is told, and does not spin", function()
  local near, far = pair()
  far:write "x"
  sleep(0.02)
  local calls = {}
  local ev = event(function(_, conn, fired, data)
    check.equal(conn, near)
    check.equal(data, "client data")
    calls[#calls + 1] = fired
  end, "client data", "read write persist", near):add()
  loop(true)
  check.same(calls, { EV_READ | EV_WRITE })
  ev:delete()
  near:take()
  local over = 0
  local r = read(near, function() over = over + 1 return true end)
  far:abort()
  check.eventually(function() return not r:pending() end, PATIENCE)
  check.equal(over, 1)
end)

check.case("A6 the mask is looked at before every call: what a handler removes is not called", function()
  local both, other = fifo "both", fifo "both"
  both:write "x"
  other:write "x"
  local w, neighbour
  local r = read(both, check.expect(function()
    w:delete()
    neighbour:delete()
  end))
  w = write(both, check.expect(nil, 0))
  neighbour = read(other, check.expect(nil, 0))
  check.equal(loop(true), 1)
  check.equal(r:pending(), false)
end)

check.case("A6 behind a barrier a reply leaves after the next before-sleep hook", function()
  local both = fifo "both"
  local order = {}
  local flush = before_sleep(function() order[#order + 1] = "flush" end)
  local r = read(both, function()
    order[#order + 1] = "read"
    both:read(1)
    event(function() order[#order + 1] = "reply" end, nil, "write barrier", both):add()
    return true
  end)
  both:write "x"
  check.eventually(function() return order[#order] == "reply" or table.concat(order):find "reply" end, PATIENCE)
  r:delete()
  flush:delete()
  check.match(table.concat(order, " "), "read flush reply")
end)

check.case_here("A7 the next delay from inside; a finalizer; new timers wait for the next pass", function()
  local clock, runs, order = check.clock(), 0, {}
  local t
  t = timeout(0.02, function()
    runs = runs + 1
    if runs == 1 then
      t:add(0.05)
      timeout(0, function() order[#order + 1] = "made inside" end)
      timeout(0, function() order[#order + 1] = "so was this" end)
      return
    end
    clock:took(0.07, 0.07 + PATIENCE)
    order[#order + 1] = "again"
  end)
  t:on_free(function() order[#order + 1] = "freed" end)
  while runs == 0 do loop() end
  check.same(order, {})
  check.equal(loop(true), 2)
  check.equal(dispatch(), "empty")
  check.equal(t:delete(), false)
  check.eventually(function() return order[4] end, PATIENCE)
  check.same(order, { "made inside", "so was this", "again", "freed" })
end)

check.case("A7 one that asks for 0 waits for the next pass", function()
  local runs = 0
  local t
  t = timeout(0, function()
    runs = runs + 1
    t:add(0)
  end)
  check.equal(loop(true), 1)
  check.equal(runs, 1)
  check.equal(loop(true), 1)
  check.equal(runs, 2)
  t:delete()
end)

check.case("A8 a pass tells how many ran, waits for the nearest timer, or does nothing", function()
  local both = fifo "both"
  local w = write(both, function() return true end)
  local t = timeout(0, print):on_free(function() end)
  t:delete()
  timeout(0, function() end)
  check.equal(loop { io = false, timers = false }, 0)
  check.equal(loop(true), 2)
  w:delete()
  local clock = check.clock()
  timeout(0.05, function() end)
  local ran = 0
  while ran == 0 do ran = loop() end
  check.equal(ran, 1)
  clock:took(0.05, 0.05 + PATIENCE)
end)

check.case("A8 S109 a pass is whole, however long its callbacks take", function()
  local files = { fifo "both", fifo "both", fifo "both" }
  local function stall()
    local over = now() + 0.03
    while now() < over do end
  end
  for _, file in ipairs(files) do
    file:write "x"
    read(file, stall)
  end
  timeout(0, stall)
  check.equal(loop(true), 4)
end)

check.case_here("A9 hooks around the poll, told of the nearest timer; from inside it may be told not to wait",
  function()
    local order, nearest = {}, {}
    local before = before_sleep(function(seconds)
      order[#order + 1] = "before"
      nearest[#nearest + 1] = seconds
      if #order > 2 then return false end
    end)
    local after = after_sleep(function() order[#order + 1] = "after" end)
    local t = timeout(0.05, function() order[#order + 1] = "timer" end)
    while t:pending() do loop() end
    check.match(table.concat(order, " "), "^before after")
    check.ok(nearest[1] > 0 and nearest[1] <= 0.05)
    t:add(60)
    local clock = check.clock()
    loop()
    clock:took(0, 10, "it waited for the timer")
    t:delete()
    check.equal(before:delete(), true)
    check.equal(after:delete(), true)
    local told
    before = before_sleep(function(seconds) told = seconds == nil end)
    loop(true)
    check.equal(before:delete(), true)
    check.ok(told == nil or told == true)
  end)

check.case_here("A10 stop ends after the callback that runs, and is over with the dispatch", function()
  local runs = 0
  timeout(0, function() runs = runs + 1 abort() runs = runs + 1 end)
  local later = timeout(60, print)
  check.equal(dispatch(), "abort")
  check.equal(runs, 2)
  later:add(0.01)
  check.equal(dispatch(), "empty")
end)

check.case("A11 wait for one descriptor: a mask, or false when the time is over", function()
  local both = fifo "both"
  check.equal(wait(both, "r", 0.01), false)
  check.equal(wait(both, "rw", PATIENCE), "w")
  both:write "x"
  check.equal(wait(both, "rw", PATIENCE), "rw")
  local near, far = pair()
  far:close()
  check.equal(wait(near, "r", PATIENCE), "r")
  check.fails("EBADF", wait(-1, "r", 0.01))
end)

check.case("A12 the poll method has a name, and can be another", function()
  local names = {}
  for _, name in ipairs(reactor.methods()) do names[name] = true end
  check.ok(names[reactor.method], reactor.method)
  check.ok(names.poll and names.select)
end)

check.case("B4 a timer that deletes all others, itself, and makes new ones is safe", function()
  local timers, ran = {}, 0
  for i = 1, 20 do
    timers[i] = timeout(0, function()
      ran = ran + 1
      for _, each in ipairs(timers) do each:delete() end
      for k = 1, 5 do timers[20 + k] = timeout(0, function() ran = ran + 100 end) end
    end)
  end
  check.equal(loop(true), 1)
  check.equal(loop(true), 5)
  check.equal(ran, 501)
  check.equal(next_due(), nil)
end)

check.done()
