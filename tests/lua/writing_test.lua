--- Writing to a connection: the queue and its marks, flush, finish, shutdown, close and abort
-- with bytes queued, and pipe. The numbers are those of seeds.md 3.5.
local check = require "check"
local pair = require "pair"
local pattern = require "pattern"

local BIG <const> = pattern(2 << 20)

-- A pair whose kernel buffers are small; the far end reads nothing by itself.
local function narrow(near_options)
  near_options = near_options or {}
  near_options.sendbuf = 4096
  local near, far = pair(near_options, { recvbuf = 4096, unread_limit = 0 })
  return near, far
end

-- Writes until it has to wait; the task that does, and how often it has written.
local function stuff(c, piece)
  local count = { written = 0 }
  local task = spawn(function()
    while true do
      local ok, message, code = c:write(piece)
      if not ok then return nil, message, code end
      count.written = count.written + 1
    end
  end)
  check.eventually(function() return c.queued > c:get "high_water" end, nil, "a full queue")
  return task, count
end

-- --- queueing ---------------------------------------------------------------------------------

check.case("strings and numbers are sent in their order", function()
  local near, far = pair()
  check.same(table.pack(near:write("answer: ", 42, " ", 1.5, "\n")), { n = 1, true })
  check.equal(far:read "l", "answer: 42 1.5")
  check.equal(write(near, "as a ", "function\n"), true)
  check.equal(far:read "l", "as a function")
  check.equal(near:write(), true)
  check.equal(near:write "", true)
end)

check.case("what a task writes before it waits leaves together", function()
  local near, far = pair()
  local reader = spawn(function() return far:read() end)
  sleep(0)
  for i = 1, 100 do near:write(i, ",") end
  check.equal(#reader:join(), 292)
end)

check.case("other values raise and nothing is sent", function()
  local near, far = pair()
  check.raises(function() near:write("a", {}) end, "string expected, got table")
  check.raises(function() near:write(nil) end, "string expected, got nil")
  check.raises(function() near:write(true) end, "string expected, got boolean")
  near:write "b"
  check.equal(far:read(), "b")
end)

check.case("any bytes may be sent", function()
  local near, far = pair()
  local bytes = {}
  for i = 0, 255 do bytes[i + 1] = string.char(i) end
  local data = table.concat(bytes):rep(40)
  near:write(data)
  check.ok(far:read(#data) == data)
end)

check.case("S147 two megabytes at once to a slow reader arrive whole and in order", function()
  local near, far = narrow()
  far:set { unread_limit = 4096 }
  local writer = spawn(function() return near:write(BIG) end)
  local pieces, size = {}, 0
  while size < #BIG do
    local piece = check.ok(far:read())
    pieces[#pieces + 1] = piece
    size = size + #piece
  end
  check.ok(table.concat(pieces) == BIG)
  check.equal(writer:join(), true)
end)

check.case("what several tasks write keeps their order", function()
  local near, far = narrow { high_water = 10000, low_water = 1000 }
  local writers = {}
  for i = 1, 5 do
    writers[i] = spawn(function() return near:write((tostring(i)):rep(50000)) end)
  end
  local want = {}
  for i = 1, 5 do want[i] = tostring(i):rep(50000) end
  check.ok(far:read(250000) == table.concat(want))
  for i = 1, 5 do check.equal(writers[i]:join(), true) end
end)

-- --- the high-water mark ----------------------------------------------------------------------

check.case("a peer that never reads stops only its own writer, at high_water", function()
  local srv <close> = check.ok(listen(0, { sendbuf = 4096, high_water = 50000 }, function(c)
    c:read(1)
    for _ = 1, 100 do c:write(("x"):rep(10000)) end
  end))
  local stuck <close> = check.ok(connect(srv.address, { recvbuf = 4096, unread_limit = 0 }))
  stuck:write "x"
  local server_side
  check.eventually(function()
    for _, row in ipairs(conns()) do
      if row.queued and row.queued > 50000 then server_side = row.object end
    end
    return server_side
  end, nil, "a stopped writer")
  check.ok(server_side.queued <= 60000)
  local other <close> = check.ok(connect(srv.address))
  other:write "x"
  check.equal(#other:read(1000000), 1000000)
  check.ok(server_side.queued > 50000)
  stuck:set { unread_limit = 1 << 20 }
  check.equal(#stuck:read(1000000), 1000000)
end)

check.case("write goes on when the queue is down to low_water", function()
  local near, far = narrow { high_water = 200000, low_water = 50000 }
  local writer, count = stuff(near, ("x"):rep(10000))
  local written, queued = count.written, near.queued
  check.ok(queued > 200000 and queued <= 210000)
  check.eventually(function()
    far:read(5000)
    check.ok(count.written == written or near.queued > 50000 - 10000, "it went on too early")
    return count.written > written
  end)
  writer:cancel()
end)

check.case("below high_water it never waits", function()
  local near = narrow { high_water = 1 << 20 }
  local clock = check.clock()
  for _ = 1, 100 do check.equal(near:write(("x"):rep(10000)), true) end
  check.ok(near.queued > 0)
  clock:took(0, 1)
end)

check.case("high_water 0 has each write wait until all has gone", function()
  local near, far = narrow { high_water = 0 }
  local writer = spawn(function() return near:write(("x"):rep(500000)) end)
  check.eventually(function() return near.queued > 0 end)
  check.equal(writer:alive(), true)
  check.equal(#far:read(500000), 500000)
  check.equal(writer:join(), true)
  check.equal(near.queued, 0)
end)

check.case("all writers that wait go on", function()
  local near, far = narrow { high_water = 1000, low_water = 100 }
  local tasks = {}
  for i = 1, 3 do tasks[i] = spawn(function() return near:write(("x"):rep(100000)) end) end
  check.eventually(function() return near.queued > 1000 end)
  check.equal(#far:read(300000), 300000)
  for i = 1, 3 do check.equal(tasks[i]:join(), true) end
end)

check.case("S173 write and read time-outs on a stuck pair are each told once, in time", function()
  local near = narrow { high_water = 1000 }
  near:set { timeout = 0.1 }
  stuff(near, ("x"):rep(100000)):cancel()
  local began = now()
  local reader = spawn(function()
    local got = table.pack(near:read("l", { timeout = 0.15 }))
    return now() - began, got
  end)
  local wrote = table.pack(near:write "x")
  local after = now() - began
  check.fails("ETIMEDOUT", table.unpack(wrote, 1, 3))
  check.match(wrote[2], "^write 127%.0%.0%.1:%d+: ")
  check.ok(after >= 0.1 and after < 0.14, "write: " .. after)
  local read_after, read_got = reader:join()
  check.fails("ETIMEDOUT", table.unpack(read_got, 1, 3))
  check.ok(read_after >= 0.15 and read_after < 0.25, "read: " .. read_after)
  near:abort()
end)

check.case("a waiting write in a place that cannot wait raises; what was queued is sent", function()
  local near, far = narrow { high_water = 1000 }
  local list = { 3, 1, 2 }
  table.sort(list, function(a, b) near:write "."; return a < b end)
  check.raises(function()
    table.sort({ 2, 1 }, function(a, b) near:write(("x"):rep(500000)); return a < b end)
  end, "write: cannot wait inside a sort comparator, __tostring, ...; use spawn")
  check.match(far:read(500), "^%.+x+$")
end)

-- --- after the end ------------------------------------------------------------------------------

check.case("after a close and after finish a write is ECLOSED", function()
  local near, far <close> = pair()
  near:close()
  local message = check.fails("ECLOSED", near:write "x")
  check.match(message, "^write: ")
  check.fails("ECLOSED", near:flush())
  check.fails("ECLOSED", near:finish "x")
  check.fails("ECLOSED", near:shutdown())
  local other, its_far = pair()
  other:finish "a"
  check.fails("ECLOSED", other:write "b")
  check.equal(its_far:read "a", "a")
end)

check.case("after shutdown a write is EPIPE, and the peer has the end", function()
  local near, far = pair()
  near:write "last"
  check.equal(near:shutdown(), true)
  check.equal(near:shutdown(), true)
  check.equal(near.state, "shut down")
  local message = check.fails("EPIPE", near:write "x")
  check.match(message, "our direction is shut down")
  check.fails("EPIPE", near:finish "x")
  check.equal(far:read "a", "last")
  check.equal(far.state, "half-closed")
end)

check.case("a writer that waits is ECLOSED by a local close", function()
  local near = narrow { high_water = 1000 }
  local writer = stuff(near, ("x"):rep(10000))
  local flusher = spawn(function() return near:flush() end)
  sleep(0)
  near:close()
  check.fails("ECLOSED", writer:join())
  check.fails("ECLOSED", flusher:join())
end)

check.case("a writer that waits hears of a reset, and so do those after it", function()
  local near, far = narrow { high_water = 1000 }
  local writer = stuff(near, ("x"):rep(10000))
  local flusher = spawn(function() return near:flush() end)
  sleep(0)
  far:abort()
  check.fails("ECONNRESET", writer:join())
  check.fails("ECONNRESET", flusher:join())
  local message = check.fails("ECONNRESET", near:write "x")
  check.match(message, "^write 127%.0%.0%.1:%d+: Connection reset by peer$")
  check.fails("ECONNRESET", near:flush())
  check.fails("ECONNRESET", near:shutdown())
end)

check.case("writing to a peer that has closed ends in EPIPE or ECONNRESET", function()
  local near, far = pair()
  far:close()
  local got
  check.eventually(function()
    got = table.pack(near:write "x")
    return got[1] == nil
  end)
  check.ok(got[3] == "EPIPE" or got[3] == "ECONNRESET", got[3])
end)

-- --- flush ------------------------------------------------------------------------------------------

check.case("flush waits until all has left", function()
  local near, far = narrow()
  check.equal(near:flush(), true)
  near:write(BIG:sub(1, 500000))
  local reader = spawn(function() return far:read(500000) end)
  check.equal(near:flush(), true)
  check.equal(near.queued, 0)
  check.ok(reader:join() == BIG:sub(1, 500000))
end)

check.case("flush has a timeout, its own or the connection's", function()
  local near = narrow()
  near:write(("x"):rep(500000))
  local message = check.fails("ETIMEDOUT", near:flush { timeout = 0.02 })
  check.match(message, "^flush 127%.0%.0%.1:%d+: ")
  near:set { timeout = 0.02 }
  check.fails("ETIMEDOUT", near:flush())
  check.ok(near.queued > 0)
  check.raises(function() near:flush { time = 1 } end, "flush: unknown option 'time'")
  near:abort()
end)

check.case("S181 a flush after each chunk ends in order", function()
  local near, far = narrow()
  local order, tasks = {}, {}
  for i = 1, 5 do
    near:write(("x"):rep(100000))
    tasks[i] = spawn(function()
      check.equal(near:flush(), true)
      order[#order + 1] = i
    end)
    sleep(0)
  end
  check.equal(#far:read(500000), 500000)
  for i = 1, 5 do tasks[i]:join() end
  check.same(order, { 1, 2, 3, 4, 5 })
end)

check.case("S181 if the connection dies first, each gets the error once", function()
  local near, far = narrow()
  local tasks = {}
  for i = 1, 3 do
    near:write(("x"):rep(100000))
    tasks[i] = spawn(function() return near:flush() end)
  end
  sleep(0)
  far:abort()
  for i = 1, 3 do check.fails("ECONNRESET", tasks[i]:join()) end
end)

-- --- finish, close, abort -----------------------------------------------------------------------------

check.case("S151 a megabyte queued and finish('bye'): the peer gets all, then the end", function()
  local near, far = narrow { high_water = 4 << 20 }
  near:write(BIG:sub(1, 1 << 20))
  check.equal(near:finish "bye", true)
  check.equal(near.state, "finishing")
  check.equal(near:finish(), true)
  local got = far:read "a"
  check.equal(#got, (1 << 20) + 3)
  check.ok(got == BIG:sub(1, 1 << 20) .. "bye")
  check.same(table.pack(far:read()), { n = 1 })
  far:close()
  check.eventually(function() return near.state == "closed" end)
end)

check.case("finish on an idle connection closes it", function()
  local near, far = pair()
  check.equal(near:finish(), true)
  check.same(table.pack(far:read()), { n = 1 })
  far:close()
  check.eventually(function() return near.state == "closed" end)
  check.equal(near.fd, nil)
end)

check.case("finish does not reset a peer that still writes", function()
  local near, far = pair()
  near:finish "answer\n"
  far:write(("x"):rep(100000))
  check.equal(far:read "l", "answer")
  check.same(table.pack(far:read()), { n = 1 })
  check.equal(far.failure, nil)
end)

check.case("close drops what the kernel has not taken", function()
  local near, far = narrow { high_water = 4 << 20 }
  near:write(BIG)
  check.ok(near.queued > 0)
  check.equal(near:close(), true)
  check.equal(near:close(), false)
  check.ok(#far:read "a" < #BIG)
end)

check.case("close sends what was written in the same breath", function()
  local near, far = pair()
  near:write "hello "
  near:write "world"
  near:close()
  check.equal(far:read "a", "hello world")
end)

check.case("abort is a reset for the peer", function()
  local near, far = pair()
  near:write "lost"
  check.equal(near:abort(), true)
  check.equal(near:abort(), false)
  check.equal(near.state, "closed")
  check.fails("ECONNRESET", far:read "l")
end)

check.case("S149 who has shut down its direction still receives", function()
  local srv <close> = check.ok(listen(0, function(c)
    local question = c:read "a"
    sleep(0.01)
    c:write("answer to ", question)
  end))
  local c = check.ok(connect(srv.address))
  c:write "42"
  c:shutdown()
  check.equal(c:read "a", "answer to 42")
  check.same(table.pack(c:read()), { n = 1 })
  check.equal(c.state, "ended")
end)

check.case("shutdown sends what is queued first", function()
  local near, far = narrow { high_water = 4 << 20 }
  near:write(BIG)
  near:shutdown()
  check.ok(far:read "a" == BIG)
  far:write "and back"
  check.equal(near:read(8), "and back")
end)

check.case("a Unix socket behaves the same", function()
  local near, far = pair.unix { high_water = 4 << 20 }
  near:write(BIG)
  near:finish "bye"
  check.ok(far:read "a" == BIG .. "bye")
  local other, its_far = pair.unix()
  its_far:set { unread_limit = 0 }
  other:write "x"
  sleep(0.01)
  its_far:close()
  check.fails("ECONNRESET", other:read())
end)

-- --- pipe ---------------------------------------------------------------------------------------------

check.case("pipe sends all that comes to another, and the end, and tells how much", function()
  local near, far = pair()
  local third, fourth = pair()
  far:write "before "
  far:flush()
  local piper = spawn(function() return near:pipe(third) end)
  far:finish(BIG)
  check.ok(fourth:read "a" == "before " .. BIG)
  check.equal(piper:join(), #BIG + 7)
  check.equal(third.state, "shut down")
end)

check.case("both ways at once, through a proxy, with counts", function()
  local echo <close> = check.ok(listen(0, function(c) c:write((c:read "a"):upper()) end))
  local counts = {}
  local proxy <close> = check.ok(listen(0, function(c)
    local upstream <close> = check.ok(connect(echo.address))
    local back = spawn(function() return upstream:pipe(c) end)
    counts.up = c:pipe(upstream)
    counts.down = back:join()
  end))
  local c = check.ok(connect(proxy.address))
  c:write "through "
  sleep(0.01)
  c:write "the proxy"
  c:shutdown()
  check.equal(c:read "a", "THROUGH THE PROXY")
  check.eventually(function() return counts.down end)
  check.same(counts, { up = 17, down = 17 })
end)

check.case("the slower side of a pipe sets the pace", function()
  local source, near = pair({ high_water = 64 << 20 }, { recvbuf = 65536 })
  local third, fourth = pair({ sendbuf = 4096, high_water = 100000, low_water = 10000 },
    { recvbuf = 4096, unread_limit = 0 })
  local piper = spawn(function() return near:pipe(third) end)
  local data = BIG:rep(4)
  source:write(data)
  source:shutdown()
  check.eventually(function() return third.queued > 100000 end)
  sleep(0.05)
  check.ok(third.queued <= 100000 + (256 << 10))
  check.ok(source.queued > 0, "the source is held back")
  fourth:set { unread_limit = 1 << 20 }
  check.ok(fourth:read("a", { max = 16 << 20 }) == data)
  check.equal(piper:join(), #data)
end)

check.case("a pipe that runs out of time leaves both connections as they are", function()
  local near, far <close> = pair()
  local third, fourth <close> = pair()
  far:write "before"
  check.fails("ETIMEDOUT", near:pipe(third, { timeout = 0.02 }))
  check.equal(fourth:read(6, { timeout = 10 }), "before")
  far:write "after"
  check.equal(near:read(5, { timeout = 10 }), "after")
  third:write "mine"
  check.equal(fourth:read(4, { timeout = 10 }), "mine")
end)

check.case("much goes through pipes whole, both ways at once, and the ends as well", function()
  local echo <close> = check.ok(listen(0, function(c) return c:pipe(c) end))
  local counts = {}
  local proxy <close> = check.ok(listen(0, function(c)
    local upstream <close> = check.ok(connect(echo.address))
    local back = c:spawn(function() return upstream:pipe(c) end)
    counts.up = c:pipe(upstream)
    counts.down = back:join()
  end))
  local c = check.ok(connect(proxy.address))
  local writer = spawn(function()
    for i = 1, 12 do check.ok(c:write(("%07d;"):format(i), BIG)) end
    return c:shutdown()
  end)
  for i = 1, 12 do
    check.equal(c:read(8), ("%07d;"):format(i))
    check.ok(c:read(#BIG) == BIG)
  end
  check.equal(c:read(), nil)
  check.ok(writer:join())
  check.eventually(function() return counts.down end)
  check.same(counts, { up = 12 * (#BIG + 8), down = 12 * (#BIG + 8) })
end)

check.case("what is written to the end of a pipe comes after what went through", function()
  local source, near = pair()
  local third, fourth = pair({}, { unread_limit = 0 })
  local piper = spawn(function() return near:pipe(third) end)
  local writer = spawn(function() return source:write(BIG:rep(3)) and source:flush() end)
  check.eventually(function() return third.queued > 0 end)
  local through
  repeat through = near.bytes_in; sleep(0.05) until near.bytes_in == through
  piper:cancel()
  piper:join()
  third:write("the end")
  third:shutdown()
  fourth:set { unread_limit = 1 << 20 }
  local all = check.ok(fourth:read("a", { max = 16 << 20 }))
  check.equal(#all, through + 7)
  check.ok(all:sub(1, -8) == BIG:rep(3):sub(1, through))
  check.equal(all:sub(-7), "the end")
  writer:cancel()
end)

check.case("a connection piped to itself is an echo", function()
  local srv <close> = check.ok(listen(0, function(c) return c:pipe(c) end))
  local c = check.ok(connect(srv.address))
  c:write "again\n"
  check.equal(c:read "l", "again")
  local writer = spawn(function()
    c:write(BIG)
    c:shutdown()
  end)
  check.ok(c:read "a" == BIG)
  writer:join()
end)

check.case("pipe fails when the other end closes or resets", function()
  for how, code in pairs { close = "ECLOSED", abort = "ECLOSED", peer = "ECONNRESET" } do
    local near, far <close> = pair()
    local third, fourth <close> = pair()
    local piper = spawn(function() return near:pipe(third) end)
    sleep(0)
    if how == "peer" then
      fourth:abort()
      check.eventually(function()
        far:write "x"
        return not piper:alive()
      end)
    else
      third[how](third)
    end
    check.fails(code, piper:join())
  end
end)

check.case("pipe fails when its own end closes or resets, after what had come", function()
  local near, far = pair()
  local third, fourth = pair()
  local piper = spawn(function() return near:pipe(third) end)
  far:write "abc"
  check.equal(fourth:read(3), "abc")
  far:abort()
  check.fails("ECONNRESET", piper:join())
  local other, its_far <close> = pair()
  local again = spawn(function() return other:pipe(third) end)
  sleep(0)
  other:close()
  check.fails("ECLOSED", again:join())
  third:write "still good"
  check.equal(fourth:read(10), "still good")
end)

check.case("a cancelled pipe lets go of both", function()
  local near, far = pair()
  local third, fourth = pair()
  local piper = spawn(function() return near:pipe(third) end)
  far:write "abc"
  check.equal(fourth:read(3), "abc")
  piper:cancel()
  piper:join()
  far:write "def"
  check.equal(near:read(3), "def")
  third:write "x"
  check.equal(fourth:read(1), "x")
  local again = spawn(function() return near:pipe(third) end)
  far:finish "ghi"
  check.equal(fourth:read "a", "ghi")
  check.equal(again:join(), 3)
end)

check.case("who is piped cannot be read or piped elsewhere", function()
  local near, far <close> = pair()
  local third, fourth <close> = pair()
  local piper = spawn(function() return near:pipe(third) end)
  sleep(0)
  check.raises(function() near:read() end, "read: the connection is piped")
  check.raises(function() near:pipe(near) end, "pipe: the connection is piped")
  check.raises(function() fourth:pipe(third) end, "pipe: the other end is piped already")
  check.raises(function() near:on { data = print } end, "on: the connection is piped")
  check.raises(function() near:pipe() end, "connection expected")
  piper:cancel()
end)

check.case("a pipe to or from what is gone fails at once", function()
  local near, far <close> = pair()
  local third, fourth <close> = pair()
  third:close()
  check.fails("ECLOSED", near:pipe(third))
  fourth:shutdown()
  check.fails("EPIPE", near:pipe(fourth))
  near:close()
  check.fails("ECLOSED", near:pipe(far))
end)

check.done()
