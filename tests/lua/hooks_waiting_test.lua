--- Hooks that wait: what they hold back, and what comes meanwhile. The numbers are those of seeds.md 3.5.
local check = require "check"
local pair = require "pair"

check.case("S175 a data hook that sleeps holds back its own next call only", function()
  local log = {}
  local srv <close> = check.ok(listen(0, { frame = "line" }, function(c)
    c:on { data = function(_, line)
      log[#log + 1] = line
      if line == "slow" then sleep(0.2) end
      log[#log + 1] = line .. " done"
    end }
  end))
  local slow = check.ok(connect(srv.address))
  local quick = check.ok(connect(srv.address))
  slow:write "slow\nafter\n"
  check.eventually(function() return log[1] == "slow" end)
  local ticks = 0
  timeout(0.02, function()
    ticks = ticks + 1
    return ticks < 5
  end)
  quick:write "quick\n"
  check.eventually(function() return #log == 6 end)
  check.ok(ticks > 0)
  check.same(log, { "slow", "quick", "quick done", "slow done", "after", "after done" })
  slow:close()
  quick:close()
end)

check.case("data that comes while another hook waits is given afterwards", function()
  local near, far = pair()
  local log = {}
  near:on {
    open = function()
      log[#log + 1] = "open"
      sleep(0.05)
      log[#log + 1] = "opened"
    end,
    data = function(_, bytes) log[#log + 1] = bytes end,
    close = function() log[#log + 1] = "close" end,
  }
  far:finish "data"
  check.eventually(function() return log[#log] == "close" end)
  check.same(log, { "open", "opened", "data", "close" })
end)

check.case("a data hook that waits gets what came meanwhile, then the end", function()
  local near, far = pair()
  local log = {}
  near:on { close = function(_, reason) log[#log + 1] = reason end,
    data = function(_, bytes)
      sleep(0.03)
      log[#log + 1] = bytes
    end }
  far:write "one"
  far:flush()
  sleep(0.01)
  far:write "two"
  far:finish "three"
  check.eventually(function() return log[#log] == "eof" end)
  check.same(log, { "one", "twothree", "eof" })
end)

check.case("the close hook waits for a data hook that waits", function()
  local near, far = pair()
  local log = {}
  near:on { close = function(_, reason) log[#log + 1] = reason end,
    data = function(c, bytes)
      log[#log + 1] = bytes
      check.eventually(function() return c.state ~= "open" end)
      sleep(0.01)
      log[#log + 1] = c.state
    end }
  far:write "one"
  check.eventually(function() return #log == 1 end)
  far:abort()
  check.eventually(function() return #log == 3 end)
  check.same(log, { "one", "failed", "reset" })
end)

check.case("a data hook may wait in write, which holds back its own input", function()
  local echo <close> = check.ok(listen(0, { high_water = 10000, sendbuf = 4096 }, function(c)
    c:on { data = function(_, bytes) c:write(bytes) end }
  end))
  local c = check.ok(connect(echo.address, { recvbuf = 4096, unread_limit = 0 }))
  local writer = spawn(function() return c:write(("x"):rep(5 << 20)) end)
  check.eventually(function() return c.queued > 0 end)
  sleep(0.02)
  check.equal(#c:read(5 << 20), 5 << 20)
  check.equal(writer:join(), true)
end)

check.done()
