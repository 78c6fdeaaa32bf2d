--- The timers and tasks of a connection, which end with it. The numbers are those of seeds.md 3.5.
local check = require "check"
local child = require "child"
local pair = require "pair"

check.case("S161 a timer of a connection dies with it, and then raises", function()
  local near, far <close> = pair()
  local t = near:timeout(0.2, function() check.ok(false, "it ran") end)
  check.equal(t:alive(), true)
  timeout(0.1, function() near:close() end)
  sleep(0.25)
  check.equal(t:alive(), false)
  check.raises(function() t:restart() end, "restart: the timer is gone")
  check.raises(function() near:timeout(1, print) end, "timeout: the connection is gone")
  check.equal(t:delete(), false)
end)

check.case("a timer of a connection is otherwise a timer", function()
  local near, far <close> = pair()
  local ticks = {}
  near:timeout(0.01, function(...)
    ticks[#ticks + 1] = table.pack(...)
    return #ticks < 3
  end, "a", nil, 3)
  check.eventually(function() return #ticks == 3 end)
  check.same(ticks[3], { n = 3, "a", nil, 3 })
  local idle = near:timeout(nil, check.expect())
  check.equal(idle:pending(), false)
  idle:add(0)
  sleep(0.01)
  check.raises(function() near:timeout(-1, print) end, "must not be negative")
  check.raises(function() near:timeout(1) end, "function expected")
end)

check.case("the peer's end of a connection ends its timers and tasks as well", function()
  for _, how in ipairs { "close", "abort" } do
    local near, far = pair()
    local log = {}
    near:on { close = function(_, reason) log[#log + 1] = reason end }
    local t = near:timeout(0.01, function() return true end)
    local task = near:spawn(function()
      local guard <close> = setmetatable({}, { __close = function() log[#log + 1] = "task" end })
      sleep(60)
    end)
    sleep(0.03)
    far[how](far)
    if how == "close" then
      -- its task still holds it, as it might answer
      sleep(0.02)
      check.same({ near.state, task:alive() }, { "half-closed", true })
      near:close()
    end
    check.eventually(function() return #log == 2 end)
    table.sort(log)
    check.same(log, { how == "close" and "closed" or "reset", "task" })
    check.same({ t:alive(), task:alive() }, { false, false })
    check.fails("ECLOSED", near:spawn(print))
    check.raises(function() near:timeout(1, print) end, "timeout: the connection is gone")
  end
end)

check.case("S169 a task of a connection is cancelled with it, its <close> variables run", function()
  local near, far <close> = pair()
  local closed, ticks = 0, 0
  local task = near:spawn(function()
    local guard <close> = setmetatable({}, { __close = function() closed = closed + 1 end })
    while true do
      sleep(0.005)
      ticks = ticks + 1
    end
  end)
  local free = near:spawn(function()
    sleep(0.05)
    return "free"
  end)
  check.equal(free:detach(), free)
  sleep(0.02)
  check.equal(closed, 0)
  near:close()
  local seen = ticks
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
  check.equal(closed, 1)
  check.equal(free:join(), "free")
  check.equal(ticks, seen)
end)

check.case("a task that closes its own connection ends at its next wait", function()
  local near, far <close> = pair()
  local after = false
  local task = near:spawn(function()
    near:close()
    after = true
    sleep(0.01)
    after = "too far"
  end)
  check.same(table.pack(task:join()), { n = 2, nil, "cancelled" })
  check.equal(after, true)
end)

check.case("detaching the task that held it ends a connection whose handler has returned", function()
  local task, released
  local srv <close> = check.ok(listen(0, function(c)
    task = c:spawn(function()
      while not released do sleep(0.005) end
      return "done"
    end)
  end))
  local c = check.ok(connect(srv.address))
  check.eventually(function() return task end)
  sleep(0.01)
  task:detach()
  check.equal(c:read "a", "")
  released = true
  check.equal(task:join(), "done")
end)

check.case("an error in a task or timer of a connection costs the connection only", function()
  local output, status = child [[
    local srv = listen("127.0.0.1:0", function(c)
      local what = c:read "l"
      if what == "task" then c:spawn(function() sleep(0.001); error "in the task" end)
      elseif what == "timer" then c:timeout(0.001, function() error "in the timer" end)
      elseif what == "joined" then
        c:write(tostring(select(2, c:spawn(function() error("heard", 0) end):join())), "\n")
      end
      c:read()
    end)
    for _, what in ipairs { "task", "timer", "joined" } do
      local c = connect(srv.address)
      c:write(what, "\n")
      print(what, c:read "l")
      c:close()
    end
    srv:close()]]
  check.match(output, "connection %d+ %(127%.0%.0%.1:%d+%).-in the task\nstack traceback:")
  check.match(output, "task\tnil\n")
  check.match(output, "connection %d+ %(127%.0%.0%.1:%d+%).-in the timer\nstack traceback:")
  check.match(output, "timer\tnil\n")
  check.match(output, "joined\theard\n")
  check.equal(status, 0)
end)

check.done()
