--- Watchers of connections and listeners: shared/seeds.md 3.2, by its numbers.
local check = require "check"
local pair = require "pair"

check.case("S73 a listener is readable when somebody waits to be accepted", function()
  local srv <close> = check.ok(listen(0))
  local accepted, clients = {}, {}
  local w = read(srv, function()
    accepted[#accepted + 1] = check.ok(srv:accept())
    return true
  end)
  for i = 1, 100 do clients[i] = check.ok(connect(srv.address)) end
  check.eventually(function() return #accepted == 100 end)
  check.equal(w:delete(), true)
  for i = 1, 100 do
    clients[i]:close()
    accepted[i]:close()
  end
end)

check.case("a connection is readable while bytes are buffered", function()
  local near, far = pair()
  local got = {}
  local r = read(near, function() got[#got + 1] = near:take(1) return #got < 3 end)
  sleep(0.01)
  check.same(got, {})
  far:write "abc"
  check.eventually(function() return #got == 3 end)
  check.equal(table.concat(got), "abc")
  check.equal(r:pending(), false)
  far:write "late"
  sleep(0.01)
  read(near, check.expect(function() check.equal(near:take(), "late") end))  -- buffered already
end)

check.case("a connection is writable unless its queue is full", function()
  local near, far = pair()
  near:set { high_water = 1000, low_water = 100 }
  write(near, check.expect(nil))
  sleep(0.01)
  local full = spawn(function() while near:write(("x"):rep(100000)) do end end)
  sleep(0.05)
  local w = write(near, check.expect(nil))
  sleep(0.02)
  check.equal(w:pending(), true)
  full:cancel()
  spawn(function() while far:read() do end end)
  check.eventually(function() return not w:pending() end)
end)

check.case("the end of a connection is told once to each who stays", function()
  local near, far = pair()
  local calls = {}
  local r = read(near, function() calls[#calls + 1] = near:take() return true end)
  far:write "x"
  far:finish()
  check.eventually(function() return not r:pending() end)
  check.same(calls, { "x", "" })
end)

check.case("so is a reset, in both directions", function()
  local near, far = pair()
  near:set { high_water = 1000, low_water = 100 }
  local full = spawn(function() while near:write(("x"):rep(100000)) do end end)
  sleep(0.05)
  local r = read(near, check.expect(nil)):persistent()
  local w = write(near, check.expect(nil)):persistent()
  far:abort()
  check.eventually(function() return not r:pending() and not w:pending() end)
  full:cancel()
end)

check.case("a local close deletes them", function()
  local near, far = pair()
  local r = read(near, check.expect(nil, 0))
  local e = except(near, check.expect(nil, 0))
  local ev = event(check.expect(nil, 0), nil, EV_READ, near):add(1)
  near:close()
  check.equal(r:pending(), false)
  check.equal(e:pending(), false)
  check.equal(ev:pending(), false)
  check.equal(r:delete(), false)
  check.raises(function() r:add() end, "gone")
end)

check.case("behind a barrier a connection's writer runs first as well", function()
  for _, barrier in ipairs { false, true } do
    local near, far = pair()
    far:write "x"
    sleep(0.02)
    local order = {}
    read(near, function() order[#order + 1] = "reader" end):barrier(barrier)
    write(near, function() order[#order + 1] = "writer" end)
    check.eventually(function() return #order == 2 end)
    check.same(order, barrier and { "writer", "reader" } or { "reader", "writer" })
  end
end)

check.done()
