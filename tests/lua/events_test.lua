--- Events: what shared/seeds.md 3.1 to 3.3 says of them, by its numbers.
local check = require "check"
local fifo = require "fifo"

check.case("an event is inert until added", function()
  local both = fifo "both"
  local ev = event(check.expect(nil), nil, EV_WRITE, both)
  sleep(0.02)
  check.equal(ev:pending(), false)
  check.equal(ev:delete(), false)
  check.equal(ev:add(), ev)
  check.equal(ev:pending(), true)
  sleep(0.02)
end)

check.case("its callback gets the event, the handle as given, what fired, and arg", function()
  local both = fifo "both"
  local arg, ev = {}
  ev = event(check.expect(function(...)
    check.same(table.pack(...), { n = 4, ev, both, EV_WRITE, arg })
  end), arg, "write", both):add()
end)

check.case_here("a pure timer: kind 0, or none", function()
  local began = now()
  event(check.expect(function(_, handle, fired, arg)
    check.equal(handle, nil)
    check.equal(fired, EV_TIMEOUT)
    check.equal(arg, "late")
    check.ok(now() - began >= 0.02)
  end), "late"):add(0.02)
  event(check.expect(function(_, handle) check.equal(handle, "anything") end), nil, 0,
    "anything"):add(0)
  check.equal(dispatch(), "empty")
end)

check.case("a pure timer added without a time is not pending", function()
  local ev = event(check.expect(nil, 0))
  check.equal(ev:add(), ev)
  check.equal(ev:pending(), false)
  ev:add(1)
  check.equal(ev:pending(), true)
  ev:add()
  check.equal(ev:pending(), false)
end)

check.case_here("S13 a persistent pure timer counts from when it was due", function()
  local order
  for _ = 1, 5 do  -- a machine that stalls may let one of them skip a time
    order = ""
    event(function(ev)
      order = order .. "e"
      local over = now() + 0.03
      while now() < over do end
      if #order >= 8 then ev:delete() end
    end, nil, "persist"):add(0.05)
    timeout(0.05, function()  -- which does so too
      order = order .. "t"
      return #order < 8
    end)
    check.equal(dispatch(), "empty")
    if order:find "^etetetet" then return end
  end
  check.equal(order, "etetetet")
end)

check.case("S51 one that waits for both is over for both when either comes", function()
  local both = fifo "both"
  local ev
  ev = event(check.expect(function(_, _, fired)
    check.equal(fired, EV_WRITE)
    check.equal(ev:pending(), false)
  end), nil, EV_READ | EV_WRITE, both):add()
  sleep(0.02)
  check.equal(ev:pending(), false)
  both:write "x"
  sleep(0.02)
end)

check.case("S67 data before its time limit: one call, with EV_READ", function()
  local both = fifo "both"
  local bits = {}
  local ev = event(function(_, _, fired) bits[#bits + 1] = fired end, nil, EV_READ, both):add(10)
  both:write "x"
  check.eventually(function() return bits[1] end)
  check.equal(ev:pending(), false)
  check.same(bits, { EV_READ })
end)

check.case("data and time limit in one pass: one call with both bits", function()
  local both = fifo "both"
  event(check.expect(function(_, _, fired) check.equal(fired, EV_READ | EV_TIMEOUT) end), nil,
    EV_READ, both):add(0.01)
  timeout(0, function()
    both:write "x"
    local over = now() + 0.02
    while now() < over do end
  end)
end)

check.case("S69 added again without a time a persistent reader has no limit any more", function()
  local both = fifo "both"
  local bits = {}
  local ev = event(function(_, _, fired)
    bits[#bits + 1] = fired
    check.equal(both:read(1), "x")
  end, nil, "read persist", both):add(0.05)
  ev:add()
  both:write "x"
  check.eventually(function() return bits[1] end)
  sleep(0.1)
  both:write "x"
  check.eventually(function() return bits[2] end)
  check.same(bits, { EV_READ, EV_READ })
  check.equal(ev:delete(), true)
end)

check.case("the time limit of a persistent one starts again at each call", function()
  local both = fifo "both"
  local began, fired_bits = now(), {}
  local ev = event(function(_, _, fired)
    fired_bits[#fired_bits + 1] = fired
    if fired == EV_READ then both:read(1) end
    if #fired_bits == 2 then check.ok(now() - began >= 0.29) end
  end, nil, "read persist", both):add(0.25)
  timeout(0.04, function() both:write "x" end)
  check.eventually(function() return #fired_bits == 3 end)
  check.same(fired_bits, { EV_READ, EV_TIMEOUT, EV_TIMEOUT })
  ev:delete()
end)

check.case("S17 activated early, it goes on from there", function()
  local both = fifo "both"
  local began, times = now(), {}
  local ev = event(function(_, _, fired)
    times[#times + 1] = now() - began
    if fired == EV_READ then both:read(1) end
  end, nil, "read persist", both):add(0.25)
  timeout(0.04, function() both:write "x" end)
  check.eventually(function() return #times == 3 end)
  ev:delete()
  for i, least in ipairs { 0.04, 0.29, 0.54 } do check.ok(times[i] >= least, times[i]) end
end)

check.case("S79 both directions at once are one call a pass", function()
  local both = fifo "both"
  both:write "x"
  local ev = event(check.expect(function(_, _, fired)
    check.equal(fired, EV_READ | EV_WRITE)
  end, 2), nil, "read write persist", both):add()
  loop(true)
  loop(true)
  ev:delete()
end)

check.case("a true value keeps one that is not persistent, add and delete win", function()
  local both = fifo "both"
  local runs = 0
  event(function() runs = runs + 1 return runs < 3 end, nil, "write", both):add()
  check.eventually(function() return runs == 3 end)
  event(check.expect(function(ev) ev:delete() return true end), nil, "write", both):add()
  local again = 0
  event(function(ev)
    again = again + 1
    if again < 3 then ev:add() end
  end, nil, "write", both):add()
  check.eventually(function() return again == 3 end)
  sleep(0.02)
  check.equal(runs, 3)
  check.equal(again, 3)
end)

check.case("events on connections, and several on one descriptor", function()
  local srv <close> = check.ok(listen(0))
  local near <close> = check.ok(connect(srv.address))
  local far <close> = check.ok(srv:accept())
  local order = {}
  for i = 1, 3 do
    event(function(_, handle, fired)
      check.equal(handle, near)
      check.equal(fired, EV_READ)
      order[#order + 1] = i
    end, nil, EV_READ, near):add(1)
  end
  far:write "x"
  check.eventually(function() return #order == 3 end)
  check.same(order, { 1, 2, 3 })
end)

check.case("what it cannot be raises, what is not there fails when added", function()
  check.raises(function() event() end, "bad argument #1")
  check.raises(function() event(print, nil, "red") end, "kind")
  check.raises(function() event(print, nil, 64) end, "kind")
  check.raises(function() event(print, nil, EV_READ) end, "bad argument #4")
  check.raises(function() event(print, nil, EV_READ, {}) end, "bad argument #4")
  check.raises(function() event(print, nil, "signal read", 10) end, "signal")
  check.fails("EBADF", event(print, nil, EV_READ, -1):add())
  check.fails("EINVAL", event(print, nil, EV_SIGNAL, "NOSUCH"):add())
  check.fails("EINVAL", event(print, nil, EV_SIGNAL, "KILL"):add())
end)

check.case("a failing event is dropped, persistent or not", function()
  local both = fifo "both"
  for _, kind in ipairs { "write", "write persist" } do
    local ev
    check.raises(function()
      ev = event(function() error "bad" end, nil, kind, both):add()
      dispatch()
    end, "bad")
    check.equal(ev:pending(), false)
  end
end)

check.case("idle ones may be collected while they are listed", function()
  local listing = require "native.listing"
  for _ = 1, 50 do
    for _ = 1, 50 do event(print) timeout(nil, print) end
    check.equal(type(listing.events()), "table")
    check.equal(type(listing.timers()), "table")
  end
end)

check.done()
