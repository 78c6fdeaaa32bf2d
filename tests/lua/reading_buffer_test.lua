--- The buffer behind the reads of a connection: how much it takes in, how much a read gives at most,
-- and take, peek and unread.
local buffered = require "buffered"
local check = require "check"
local pair = require "pair"
local pattern = require "pattern"

-- --- limits -----------------------------------------------------------------------------------------

check.case("a line longer than max_line is EMSGSIZE; the bytes stay and can be read", function()
  local near, far = pair()
  near:set { max_line = 10 }
  far:write "123456789\n1234567890\nx\n"
  buffered(near, 23)
  check.equal(near:read "l", "123456789")
  local message = check.fails("EMSGSIZE", near:read "l")
  check.match(message, "^read 127%.0%.0%.1:%d+: more than 10 bytes$")
  check.same({ near.failure.message, near.failure.code }, { message, "EMSGSIZE" })
  check.fails("EMSGSIZE", near:read "L")
  check.equal(near:read(11), "1234567890\n")
  check.equal(near:read "l", "x")
  check.equal(near.failure, nil)
end)

check.case("so it is when it comes bit by bit, and for the last line of a stream", function()
  local near, far = pair()
  near:set { max_line = 10 }
  local reader = spawn(function() return near:read "l" end)
  for _ = 1, 10 do
    far:write "x"
    far:flush()
    sleep(0.001)
  end
  check.fails("EMSGSIZE", reader:join())
  check.equal(near:take(1), "x")
  far:finish()
  check.equal(near:read "l", "xxxxxxxxx")  -- with an end it would be ten
  local other, its_far = pair()
  other:set { max_line = 10 }
  its_far:finish "12345678901"
  check.fails("EMSGSIZE", other:read "l")
  check.equal(other:read "a", "12345678901")
end)

check.case("max bounds n: beyond it the call fails at once and nothing is taken", function()
  local near, far = pair()
  far:write "abcdef"
  buffered(near, 6)
  check.fails("EMSGSIZE", near:read(6, { max = 5 }))
  check.equal(near:read(5, { max = 5 }), "abcde")
  check.fails("EMSGSIZE", near:read((64 << 20) + 1))
  check.equal(near:read(1), "f")
end)

check.case('max bounds "a": as much is given, more is EMSGSIZE and stays', function()
  local near, far = pair()
  far:write "12345"
  far:shutdown()
  check.equal(near:read("a", { max = 5 }), "12345")
  local other, its_far = pair()
  its_far:write "123456"
  check.fails("EMSGSIZE", other:read("a", { max = 5 }))
  its_far:shutdown()
  check.equal(other:read "a", "123456")
end)

check.case("max bounds what comes before a delimiter", function()
  local near, far = pair()
  far:write "12345;123456;"
  check.equal(near:read_until(";", { max = 5 }), "12345")
  check.fails("EMSGSIZE", near:read_until(";", { max = 5 }))
  check.equal(near:read_until ";", "123456")
  near:set { max_line = 3 }
  far:write "1234;"
  check.fails("EMSGSIZE", near:read_until ";")
  local reader = spawn(function() return near:read_until("--", { max = 4 }) end)
  sleep(0)
  far:write "-"
  check.fails("EMSGSIZE", reader:join())
  check.equal(near:take(), "1234;-")
end)

check.case("a delimiter is looked for anew when it is another, or the reader before gave up", function()
  local near, far = pair()
  far:write "a,b;c"
  check.fails("ETIMEDOUT", near:read_until("|", { timeout = 0.001 }))
  check.equal(near:read_until ";", "a,b")
  near:unread "a,b;"
  local reader = spawn(near.read_until, near, "|")
  sleep(0)
  check.equal(near:take(2), "a,")                   -- from under one who waits
  far:write "d|e"
  check.equal(reader:join(), "b;cd")
  check.equal(near:read(1), "e")
end)

check.case("a flood that nobody reads stops at unread_limit, and goes on later", function()
  local near, far = pair { recvbuf = 65536 }
  near:set { unread_limit = 100000 }
  local data = pattern(8 << 20)
  local writer = spawn(function() return far:write(data) and far:finish() end)
  check.eventually(function() return #near:peek() == 100000 end)
  check.eventually(function() return far.queued > 0 end)
  sleep(0.02)
  check.equal(#near:peek(), 100000)
  check.equal(near.bytes_in, 100000)
  check.equal(writer:alive(), true)
  local pieces = {}
  for piece in function() return near:read() end do pieces[#pieces + 1] = piece end
  check.ok(table.concat(pieces) == data)
  check.equal(writer:join(), true)
end)

check.case("taking a part makes room for as much", function()
  local near, far = pair { recvbuf = 65536 }
  near:set { unread_limit = 1000 }
  spawn(function() far:write(("x"):rep(1 << 20)) end)
  check.eventually(function() return #near:peek() == 1000 end)
  check.equal(#near:take(300), 300)
  check.eventually(function() return #near:peek() == 1000 end)
  check.equal(near.bytes_in, 1300)
end)

check.case("unread_limit 0 takes nothing in until somebody reads", function()
  local near, far = pair()
  near:set { unread_limit = 0 }
  far:write "hello\n"
  far:flush()
  sleep(0.01)
  check.equal(near.bytes_in, 0)
  check.equal(near:read "l", "hello")
end)

check.case("a read that waits may take in more than unread_limit, until it ends", function()
  local near, far = pair { recvbuf = 65536 }
  near:set { unread_limit = 1000 }
  spawn(function() far:write(pattern(1 << 20)) end)
  check.ok(near:read(200000) == pattern(200000))
  check.fails("ETIMEDOUT", near:read(4 << 20, { timeout = 0.2 }))
  local held = #near:peek()
  check.equal(held, (1 << 20) - 200000)
  local before = near.bytes_in
  spawn(function() far:write(pattern(8 << 20)) end)
  check.eventually(function() return far.queued > 0 end)
  sleep(0.02)
  check.ok(near.bytes_in - before <= 256 << 10, "the time-out has not ended what it wanted")
end)

-- --- take, peek, unread -------------------------------------------------------------------------------

check.case("take and peek give what is buffered and never wait", function()
  local near, far = pair()
  check.equal(near:take(), "")
  check.equal(near:peek(), "")
  far:write "abcdef"
  buffered(near, 6)
  check.equal(near:peek(2), "ab")
  check.equal(near:peek(100), "abcdef")
  check.equal(near:take(0), "")
  check.equal(near:take(2), "ab")
  check.equal(near:take(), "cdef")
  check.equal(near:take(), "")
  check.raises(function() near:take(-1) end, "take: the number of bytes must not be negative")
  check.raises(function() near:peek(-1) end, "peek: the number of bytes must not be negative")
  check.raises(function() near:take "l" end, "number expected")
end)

check.case("unread puts bytes back in front", function()
  local near, far = pair()
  far:write "world\n"
  buffered(near, 6)
  check.equal(near:unread "hello ", true)
  check.equal(near:peek(), "hello world\n")
  check.equal(near:read "l", "hello world")
  near:unread "a\nb"
  near:unread ""
  check.equal(near:read "l", "a")
  far:write "c\n"
  check.equal(near:read "l", "bc")
end)

check.case("unread serves a read that waits in another task", function()
  local near, far <close> = pair()
  local reader = spawn(function() return near:read "l" end)
  sleep(0)
  near:unread "from here\n"
  check.equal(reader:join(), "from here")
end)

check.case("unread works in the midst of a batch, and at the end of the stream", function()
  local near, far = pair()
  far:finish "one\ntwo\nthree\n"
  check.equal(near:read "l", "one")
  near:unread "again\n"
  check.same({ near:read "l", near:read "l", near:read "l" }, { "again", "two", "three" })
  check.equal(near:read "l", nil)
  near:unread "more"
  check.equal(near:read "l", "more")
  check.equal(near:read "l", nil)
end)

check.done()
