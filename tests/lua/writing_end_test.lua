--- The end of writing: shutdown, finish, close and abort with bytes queued, and writes after them. The
-- numbers are those of seeds.md 3.5.
local check = require "check"
local pair = require "pair"
local pattern = require "pattern"

local narrow = pair.narrow
local BIG <const> = pattern(2 << 20)

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

check.done()
