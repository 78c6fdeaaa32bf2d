--- pipe, from one connection to another.
local check = require "check"
local pair = require "pair"
local pattern = require "pattern"

local BIG <const> = pattern(2 << 20)

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
  local third, fourth = pair.narrow { high_water = 100000, low_water = 10000 }
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
