--- Hooks of a connection: each one, what it is given and how often; frames; who waits for whom;
-- and what a hook that fails costs. The numbers are those of seeds.md 3.5.
local check = require "check"
local child = require "child"
local pair = require "pair"
local refusing = require "refusing"

-- Notes the calls of all hooks but `data`; `log` is a list of { name, arguments after c ... }.
local function noting(c, log)
  local hooks = {}
  for _, name in ipairs { "open", "shutdown", "drain", "error", "closing", "close" } do
    hooks[name] = function(who, ...)
      check.equal(who, c)
      log[#log + 1] = { name, ... }
    end
  end
  return hooks
end

local function names(log)
  local list = {}
  for i, entry in ipairs(log) do list[i] = entry[1] end
  return table.concat(list, " ")
end

local function last(log) return log[#log] and log[#log][1] end

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
  c:on { open = function() log[#log + 1] = "open" end, close = print and function() end }
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

-- --- frames ---------------------------------------------------------------------------------

check.case("with a frame of lines the data hook gets one line a call, stripped", function()
  local near, far = pair()
  local got = {}
  check.equal(near:frame "line", near)
  near:on { data = function(_, line) got[#got + 1] = line end }
  far:write "one\r\ntwo\n\nth"
  check.eventually(function() return #got == 3 end)
  far:finish "ree\nfour"
  check.eventually(function() return #got == 5 end)
  check.same(got, { "one", "two", "", "three", "four" })
end)

check.case("with a frame of n bytes it gets n bytes a call", function()
  local near, far = pair()
  local got = {}
  near:frame(4)
  near:on { data = function(_, bytes) got[#got + 1] = bytes end }
  for _, piece in ipairs { "aa", "aabb", "b", "bccccd" } do
    far:write(piece)
    far:flush()
    sleep(0.001)
  end
  check.eventually(function() return #got == 3 end)
  check.same(got, { "aaaa", "bbbb", "cccc" })
  check.equal(near:peek(), "d")
  near:close()
end)

check.case("a frame larger than unread_limit comes whole", function()
  local near, far = pair()
  local got
  near:set { unread_limit = 1000, frame = 300000 }
  near:on { data = function(_, bytes) got = bytes end }
  spawn(function() far:write(("x"):rep(300000)) end)
  check.eventually(function() return got end)
  check.equal(#got, 300000)
  near:close()
end)

check.case("read gives one message as well, until the frame is taken away", function()
  local near, far = pair({ frame = "line" }, { frame = 3 })
  check.equal(near:get "frame", "line")
  check.equal(far:get "frame", 3)
  near:write "abcdef"
  far:write "one\ntwo\nthree\n"
  check.same({ near:read(), near:read() }, { "one", "two" })
  check.same({ far:read(), far:read() }, { "abc", "def" })
  near:frame()
  check.equal(near:read(), "three\n")
  check.equal(near:get "frame", nil)
end)

check.case("the frame may change in the midst of a batch", function()
  local near, far = pair()
  local got = {}
  near:frame "line"
  near:on { data = function(c, piece)
    got[#got + 1] = piece
    local size = tonumber(piece)
    if size then c:frame(size) elseif c:get "frame" ~= "line" then c:frame "line" end
  end }
  far:write "a\n5\nhellob\n3\nxyzc\n"
  check.eventually(function() return #got == 7 end)
  check.same(got, { "a", "5", "hello", "b", "3", "xyz", "c" })
  near:close()
end)

check.case("a line longer than max_line costs the connection", function()
  local near, far = pair()
  local log, lines = {}, {}
  local hooks = noting(near, log)
  function hooks.data(_, line) lines[#lines + 1] = line end
  near:set { frame = "line", max_line = 10 }
  near:on(hooks)
  far:write "one\ntwo\nmuch too long"
  check.eventually(function() return last(log) == "close" end)
  check.same(lines, { "one", "two" })
  check.equal(names(log), "open error closing close")
  check.match(log[2][2], "^read 127%.0%.0%.1:%d+: more than 10 bytes$")
  check.equal(log[2][3], "EMSGSIZE")
  check.equal(log[4][2], "error")
end)

check.case("other frames raise and name the kinds", function()
  local near, far <close> = pair()
  for _, bad in ipairs { "xyz", "", 0, -1 } do
    check.raises(function() near:frame(bad) end,
      'frame: kinds are "line", "json", "xml" and a number of bytes')
  end
  check.raises(function() near:frame(1.5) end, "no integer representation")
  check.raises(function() near:frame {} end, "number or word expected, got table")
end)

-- --- the other side ends ----------------------------------------------------------------------

check.case("with a shutdown hook the connection stays open for our answer", function()
  local near, far = pair()
  local log, got = {}, ""
  local hooks = noting(near, log)
  function hooks.data(_, bytes) got = got .. bytes end
  function hooks.shutdown(c)
    log[#log + 1] = { "shutdown" }
    sleep(0.01)
    c:finish("you said " .. got)
  end
  near:on(hooks)
  far:write "hello"
  far:shutdown()
  check.equal(far:read "a", "you said hello")
  far:close()
  check.eventually(function() return last(log) == "close" end)
  check.equal(names(log), "open shutdown closing close")
  check.equal(log[4][2], "closed")
end)

check.case("a shutdown hook that is set after the end runs as well, once", function()
  local near, far = pair()
  far:shutdown()
  check.eventually(function() return near.state == "half-closed" end)
  local calls = 0
  local function count() calls = calls + 1 end
  near:on { shutdown = count }
  sleep(0.01)
  near:on { shutdown = count }
  sleep(0.01)
  check.equal(calls, 1)
  near:close()
end)

check.case("without one a connection of hooks alone is finished by the peer's end", function()
  local log = {}
  local srv <close> = check.ok(listen(0, function(c)
    c:on { data = function(_, bytes) c:write(bytes:upper()) end,
      close = function(_, reason) log[#log + 1] = reason end }
  end))
  local c = check.ok(connect(srv.address))
  c:write "shout"
  c:shutdown()
  check.equal(c:read "a", "SHOUT")
  check.eventually(function() return #log == 1 end)
  check.same(log, { "eof" })
end)

check.case("the end waits for a handler that still runs, and for a task that reads", function()
  local near, far = pair()
  local reasons = {}
  near:on { close = function(_, reason) reasons[#reasons + 1] = reason end }
  local lines = {}
  spawn(function()
    for line in near:lines() do
      lines[#lines + 1] = line
      sleep(0.02)
    end
  end)
  far:finish "one\ntwo\nthree"
  check.eventually(function() return #reasons == 1 end)
  check.same({ reasons, lines }, { { "eof" }, { "one", "two", "three" } })
  local log = {}
  local srv <close> = check.ok(listen(0, function(c)
    c:on { close = function(_, reason) log[#log + 1] = reason end }
    sleep(0.03)
    log[#log + 1] = c:write "still here" and "written"
  end))
  local c = check.ok(connect(srv.address))
  c:shutdown()
  check.equal(c:read "a", "still here")
  check.eventually(function() return #log == 2 end)
  check.same(log, { "written", "eof" })
end)

-- --- drain ------------------------------------------------------------------------------------

check.case("drain runs when the queue has been over high_water and is down to low_water", function()
  local near, far = pair({ sendbuf = 4096, high_water = 100000, low_water = 20000 },
    { recvbuf = 4096, unread_limit = 0 })
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

-- --- how it ends --------------------------------------------------------------------------------

-- The log of a connection with all hooks, of which act(near, far) makes an end.
local function ended(act, options)
  local near, far <close> = pair(options)
  local log = {}
  local hooks = noting(near, log)
  hooks.shutdown = nil
  near:on(hooks)
  sleep(0)
  act(near, far)
  check.eventually(function() return last(log) == "close" end)
  sleep(0.02)
  return log
end

check.case("close runs exactly once and gives the reason: closed", function()
  check.same(ended(function(near)
    near:close()
    near:close()
  end), { { "open" }, { "closing", "closed" }, { "close", "closed" } })
  check.same(ended(function(near, far)
    near:finish()
    far:close()
  end), { { "open" }, { "closing", "closed" }, { "close", "closed" } })
  check.same(ended(function(near) near:abort() end),
    { { "open" }, { "closing", "closed" }, { "close", "closed" } })
end)

check.case("... eof", function()
  check.same(ended(function(_, far) far:close() end),
    { { "open" }, { "closing", "eof" }, { "close", "eof" } })
end)

check.case("... reset, after the error", function()
  local log = ended(function(_, far) far:abort() end)
  check.equal(names(log), "open error closing close")
  check.match(log[2][2], "^read 127%.0%.0%.1:%d+: Connection reset by peer$")
  check.same({ log[2][3], log[3][2], log[4][2] }, { "ECONNRESET", "reset", "reset" })
end)

check.case("... timeout, by the read_deadline", function()
  local began = now()
  local log = ended(function() end, { read_deadline = 0.05 })
  check.ok(now() - began >= 0.05)
  check.equal(names(log), "open error closing close")
  check.match(log[2][2], "nothing came within the read_deadline$")
  check.same({ log[2][3], log[3][2], log[4][2] }, { "ETIMEDOUT", "timeout", "timeout" })
end)

check.case("... error, when connecting failed", function()
  local log = {}
  local c
  c = connect(refusing(), function(conn, message, code)
    check.equal(conn, nil)
    log[#log + 1] = { "handler", code }
    check.match(message, "^connect 127%.88%.0%.8:%d+: Connection refused$")
  end)
  c:on(noting(c, log))
  check.eventually(function() return last(log) == "close" end)
  check.equal(names(log), "handler error closing close")
  check.same({ log[1][2], log[2][3], log[4][2] }, { "ECONNREFUSED", "ECONNREFUSED", "error" })
end)

check.case("hooks that are set when it is lost already are told as well, once", function()
  local near, far = pair()
  far:abort()
  check.eventually(function() return near.state == "failed" end)
  local log = {}
  near:on(noting(near, log))
  check.eventually(function() return last(log) == "close" end)
  check.equal(names(log), "error closing close")
  near:on { close = function() log[#log + 1] = { "again" } end }
  sleep(0.01)
  check.equal(#log, 3)
  near:close()
  sleep(0.01)
  check.equal(#log, 3)
end)

check.case("close inside a data hook: no more data, and the close hook runs", function()
  local near, far = pair()
  local lines, reasons = 0, {}
  near:frame "line"
  near:on { close = function(_, reason) reasons[#reasons + 1] = reason end,
    data = function(c)
      lines = lines + 1
      if lines == 3 then check.equal(c:close(), true) end
    end }
  far:write(("x\n"):rep(10))
  check.eventually(function() return #reasons == 1 end)
  check.equal(lines, 3)
  check.same(reasons, { "closed" })
end)

check.case("finish inside a data hook", function()
  local srv <close> = check.ok(listen(0, { frame = "line" }, function(c)
    c:on { data = function(_, line)
      if line == "quit" then c:finish "bye\n" else c:write(line, "!\n") end
    end }
  end))
  local c = check.ok(connect(srv.address))
  c:write "one\nquit\ntwo\n"
  check.equal(c:read "a", "one!\nbye\n")
end)

check.case("a hook may close what it is about, and wait afterwards", function()
  local near, far <close> = pair()
  local log = {}
  near:on { close = function(c, reason)
    log[#log + 1] = reason
    check.equal(c:close(), false)
    check.fails("ECLOSED", c:write "x")
    sleep(0.01)
    log[#log + 1] = "done"
  end }
  near:close()
  check.eventually(function() return #log == 2 end)
  check.same(log, { "closed", "done" })
end)

check.case("hooks on a closed connection are ECLOSED", function()
  local near, far <close> = pair()
  near:close()
  check.fails("ECLOSED", near:on { close = print })
end)

-- --- waiting ------------------------------------------------------------------------------------

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
