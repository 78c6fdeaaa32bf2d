--- Hooks of a connection: each one, what it is given and how often, what keeps the connection open, and
-- what a hook that fails costs. The numbers are those of seeds.md 3.5.
local check = require "check"
local child = require "child"
local hook_log = require "hook_log"
local pair = require "pair"

local noting, last = hook_log.noting, hook_log.last

-- --- open -----------------------------------------------------------------------------------

check.case("open runs once, in the next turn on a connection that is open", function()
  local near, far <close> = pair()
  local opened = 0
  check.equal(near:on { open = function(c)
    check.equal(c, near)
    opened = opened + 1
  end }, near)
  check.equal(opened, 0)
  sleep(0)
  check.equal(opened, 1)
  near:on { open = function() opened = opened + 1 end }
  sleep(0.01)
  check.equal(opened, 1)
end)

check.case("open runs when a connection comes up", function()
  local srv <close> = check.ok(listen(0, function(c) c:read() end))
  local log = {}
  local c = connect(srv.address, function() log[#log + 1] = "handler" end)
  check.equal(c.state, "connecting")
  c:on { open = function() log[#log + 1] = "open" end, close = function() end }
  check.eventually(function() return #log == 2 end)
  sleep(0.01)
  table.sort(log)
  check.same(log, { "handler", "open" })
  c:close()
end)

-- --- data -----------------------------------------------------------------------------------

check.case("data gets the connection and what has come", function()
  local near, far = pair()
  local got = {}
  near:on { data = function(c, bytes)
    check.equal(c, near)
    got[#got + 1] = bytes
  end }
  far:write "one"
  check.eventually(function() return #got == 1 end)
  far:write "two"
  check.eventually(function() return #got == 2 end)
  check.same(got, { "one", "two" })
  near:close()
end)

check.case("data gets what was buffered before it was set", function()
  local near, far = pair()
  far:write "early"
  check.eventually(function() return near:peek() == "early" end)
  near:on { data = check.expect(function(_, bytes) check.equal(bytes, "early") end) }
  check.equal(near:peek(), "early")  -- not from inside on()
  sleep(0.01)
  near:close()
end)

check.case("S167 no data call gets more than read_size, and the pieces are the input", function()
  local got, done = {}, false
  local srv <close> = check.ok(listen(0, { read_size = 256 }, function(c)
    c:on { data = function(_, bytes) got[#got + 1] = bytes end,
      close = function() done = true end }
  end))
  local c = check.ok(connect(srv.address))
  local data = {}
  for i = 1, 250 do data[i] = ("%03d,"):format(i) end
  c:finish(table.concat(data))
  check.eventually(function() return done end)
  check.ok(#got >= 4)
  for _, piece in ipairs(got) do check.ok(#piece <= 256, #piece) end
  check.equal(table.concat(got), table.concat(data))
end)

check.case("all that came before the end is given before the end is told", function()
  local near, far = pair()
  local log, lines = {}, 0
  local hooks = noting(near, log)
  hooks.shutdown = nil
  function hooks.data()
    lines = lines + 1
    if lines % 100 == 0 then  -- longer than a slice
      local over = now() + 0.003
      while now() < over do end
    end
  end
  near:frame "line"
  near:on(hooks)
  far:finish(("x\n"):rep(2000) .. "last")
  check.eventually(function() return last(log) == "close" end)
  check.equal(lines, 2001)
  check.same(log, { { "open" }, { "closing", "eof" }, { "close", "eof" } })
end)

check.case("reading while there is a data hook raises", function()
  local near, far <close> = pair()
  near:on { data = function() end }
  for name, call in pairs {
    read = function() near:read() end, read_until = function() near:read_until "x" end,
    lines = function() for _ in near:lines() do end end, pipe = function() near:pipe(far) end,
  } do
    check.raises(call, name .. ": the connection has a data hook")
  end
  near:close()
end)

check.case("a data hook may be replaced, and taken away for reading", function()
  local near, far = pair()
  local first, second = {}, {}
  near:on { data = function(c, bytes)
    first[#first + 1] = bytes
    c:on { data = function(_, more) second[#second + 1] = more end }
  end }
  far:write "one"
  check.eventually(function() return #first == 1 end)
  far:write "two"
  check.eventually(function() return #second == 1 end)
  near:on { data = false }
  far:write "three\n"
  check.equal(near:read "l", "three")
  check.same({ first, second }, { { "one" }, { "two" } })
end)

check.case("a hook may switch to reading, and hand back", function()
  local near, far = pair()
  local log = {}
  near:frame "line"
  near:on { data = function(c, line)
    local size = tonumber(line)
    if not size then
      log[#log + 1] = "line " .. line
      return
    end
    local data = function(...) return ... end
    c:on { data = false }
    log[#log + 1] = data(c:read(size))
    c:on { data = function(_, rest) log[#log + 1] = "then " .. rest end }
  end }
  far:write "a\n5\nhe"
  far:flush()
  sleep(0.01)
  far:write "llob\nc\n"
  check.eventually(function() return #log == 4 end)
  check.same(log, { "line a", "hello", "then b", "then c" })
  near:close()
end)

check.case("a data hook may put bytes back for its next call", function()
  local near, far = pair()
  local got = {}
  near:on { data = function(c, bytes)
    got[#got + 1] = bytes
    if #bytes < 6 then c:unread(bytes) end
    if #bytes < 6 then sleep(0.02) end
  end }
  far:write "abc"
  check.eventually(function() return #got >= 1 end)
  far:write "def"
  check.eventually(function() return got[#got] == "abcdef" end)
  near:close()
end)

-- --- drain ------------------------------------------------------------------------------------

check.case("drain runs when the queue has been over high_water and is down to low_water", function()
  local near, far = pair.narrow { high_water = 100000, low_water = 20000 }
  local drains = {}
  near:on { drain = function(c) drains[#drains + 1] = c.queued end }
  near:write(("x"):rep(50000))
  check.equal(#far:read(50000), 50000)
  sleep(0.01)
  check.same(drains, {})
  for _ = 1, 2 do
    local writer = spawn(function() return near:write(("x"):rep(500000)) end)
    check.eventually(function() return near.queued > 100000 end)
    check.equal(#far:read(500000), 500000)
    check.equal(writer:join(), true)
  end
  check.eventually(function() return #drains == 2 end)
  for _, queued in ipairs(drains) do check.ok(queued <= 20000) end
  near:close()
end)

-- --- what keeps it open ----------------------------------------------------------------------------

check.case("a connection with hooks lives without a variable and after its handler", function()
  local got = {}
  local srv <close> = check.ok(listen(0, function(c)
    c:on { data = function(_, bytes) got[#got + 1] = bytes end }
  end))
  local c = check.ok(connect(srv.address))
  c:write "one"
  check.eventually(function() return #got == 1 end)
  collectgarbage()
  collectgarbage()
  c:write "two"
  check.eventually(function() return #got == 2 end)
end)

check.case("the last hook taken away ends a connection whose handler has returned", function()
  local ended_by
  local srv <close> = check.ok(listen(0, function(c)
    c:on { data = function(_, bytes) if bytes == "stop" then c:on { data = false } end end }
    ended_by = c
  end))
  local c = check.ok(connect(srv.address))
  c:write "go"
  sleep(0.01)
  check.equal(ended_by.state, "open")
  c:write "stop"
  check.same({ c:read() }, {})
end)

-- --- failing ------------------------------------------------------------------------------------------

check.case("a hook that fails costs its connection, with a traceback; the server goes on", function()
  local output, status = child [[
    local closed = {}
    local srv = listen(0, { frame = "line" }, function(c)
      c:on { data = function(_, line)
               if line == "fail" then error "on purpose" end
               c:write(line, "\n")
             end,
             close = function(_, reason) closed[#closed + 1] = reason end }
    end)
    local bad, good = connect(srv.address), connect(srv.address)
    bad:write "fail\n"
    print("bad", bad:read())
    good:write "fine\n"
    print("good", good:read "l")
    good:close()
    while #closed < 2 do sleep(0.001) end
    print(table.concat(closed, " "))
    srv:close()]]
  check.match(output, "connection %d+ %(127%.0%.0%.1:%d+%).-on purpose\nstack traceback:\n")
  check.match(output, "bad\tnil\n")
  check.match(output, "good\tfine\n")
  check.match(output, "error eof\n")
  check.equal(status, 0)
end)

check.case("a close hook that fails is told, and that is all", function()
  local output, status = child [[
    local srv = listen(0, function(c) c:on { close = function() error "late" end } end)
    local c = connect(srv.address)
    c:close()
    sleep(0.05)
    srv:close()
    print "alive"]]
  check.match(output, "late\nstack traceback:")
  check.match(output, "alive\n$")
  check.equal(status, 0)
end)

check.case("what is no hook raises", function()
  local near, far <close> = pair()
  check.raises(function() near:on { dta = print } end,
    "on: unknown option 'dta', did you mean 'data'%?")
  check.raises(function() near:on { data = 5 } end,
    "on: option 'data' must be a function or false, got number")
  check.raises(function() near:on { data = true } end, "got true")
  check.raises(function() near:on() end, "on: a table of hooks expected")
  check.raises(function() near:on { print } end, "on: option names are strings, got a number")
  local callable = setmetatable({}, { __call = check.expect(function(_, c) check.equal(c, near) end) })
  near:on { open = callable }
  sleep(0.01)
  near:close()
end)

check.done()
