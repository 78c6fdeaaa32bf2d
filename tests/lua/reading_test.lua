--- Reading from a connection: every mode of read, what it answers at the end and after a
-- failure, limits, lines(), and the buffer behind it. The numbers are those of seeds.md 3.5.
local check = require "check"
local pair = require "pair"
local pattern = require "pattern"

-- Waits until so many bytes are buffered, or whatever came stays.
local function buffered(c, count)
  check.eventually(function() return #c:peek() >= count end, nil, "bytes that came")
end

-- --- what there is -------------------------------------------------------------------------

check.case("S141 what is written to an echo comes back, ten times again", function()
  local srv <close> = check.ok(listen(0, function(c)
    for piece in function() return c:read() end do c:write(piece) end
  end))
  local c <close> = check.ok(connect(srv.address))
  for _ = 1, 11 do
    check.equal(c:write "ooxx", true)
    check.equal(c:read(4), "ooxx")
  end
end)

check.case("read without more gives what is there, whatever that is", function()
  local near, far = pair()
  far:write "abc"
  check.equal(near:read(), "abc")
  far:write("de", "f")
  check.equal(near:read(), "def")
end)

check.case("read as a function is the same as the method", function()
  local near, far = pair()
  far:write "one\ntwo three"
  check.equal(read(near, "l"), "one")
  check.equal(read(near, 3), "two")
  check.equal(read(near, nil, { timeout = 10 }), " three")
end)

check.case("read gives at most read_size bytes at a time", function()
  local near, far = pair()
  near:set { read_size = 10 }
  far:write(("x"):rep(25))
  buffered(near, 25)
  check.equal(#near:read(), 10)
  check.equal(#near:read(), 10)
  check.equal(#near:read(), 5)
end)

check.case("a number is exactly so many bytes, across pieces", function()
  local near, far = pair()
  local reader = spawn(function() return near:read(6), near:read(2) end)
  for piece in ("abcdefgh"):gmatch ".." do
    far:write(piece)
    far:flush()
    sleep(0)
  end
  check.same(table.pack(reader:join()), { n = 2, "abcdef", "gh" })
end)

check.case("read(0) waits for the next byte and takes none", function()
  local near, far = pair()
  local reader = spawn(function() return near:read(0) end)
  sleep(0)
  check.equal(reader:alive(), true)
  far:write "x"
  check.equal(reader:join(), "")
  check.equal(near:read(0), "")
  far:finish()
  check.equal(near:read(1), "x")
  check.same(table.pack(near:read(0)), { n = 1, nil })
end)

check.case("a large number of bytes comes whole and in order", function()
  local near, far = pair()
  local data = pattern(5 << 20)
  spawn(function() far:write(data) end)
  check.ok(near:read(#data) == data)
end)

check.case("lines lose their end, LF or CR LF; with L they keep it", function()
  local near, far = pair()
  far:write "one\ntwo\r\n\n\r\nfive\r\r\nsix\r\nseven\n"
  check.same({ near:read "l", near:read "l", near:read "l", near:read "l", near:read "l" },
    { "one", "two", "", "", "five\r" })
  check.equal(near:read "L", "six\r\n")
  check.equal(near:read "L", "seven\n")
end)

check.case("a line is one wherever the pieces are cut", function()
  local near, far = pair()
  local lines = {}
  local reader = spawn(function()
    for line in near:lines() do lines[#lines + 1] = line end
  end)
  for byte in ("ab\r\ncd\n\ne\r\r\n"):gmatch "." do
    far:write(byte)
    far:flush()
    sleep(0.001)
  end
  far:finish()
  reader:join()
  check.same(lines, { "ab", "cd", "", "e\r" })
end)

check.case("formats may be written with a star, as of old", function()
  local near, far = pair()
  far:write "one\ntwo\nthree"
  far:shutdown()
  check.equal(near:read "*l", "one")
  check.equal(near:read "*L", "two\n")
  check.equal(near:read "*a", "three")
end)

check.case("ten thousand lines of one piece arrive in order", function()
  local near, far = pair()
  local lines = {}
  for i = 1, 10000 do lines[i] = "line " .. i end
  spawn(function() far:finish(table.concat(lines, "\n")) end)
  local count = 0
  for line in near:lines() do
    count = count + 1
    if line ~= lines[count] then check.equal(line, lines[count]) end
  end
  check.equal(count, 10000)
end)

check.case("a line of almost max_line comes over many reads", function()
  local near, far = pair()
  local line = pattern((1 << 20) - 1)
  spawn(function() far:write(line, "\nnext\n") end)
  check.ok(near:read "l" == line)
  check.equal(near:read "l", "next")
end)

check.case("other formats raise", function()
  local near, far <close> = pair()
  check.raises(function() near:read "x" end, "invalid format %(a number, \"l\", \"L\" or \"a\"%)")
  check.raises(function() near:read "" end, "invalid format")
  check.raises(function() near:read "ll" end, "invalid format")
  check.raises(function() near:read(-1) end, "number of bytes must be a positive integer")
  check.raises(function() near:read(1.5) end, "number of bytes must be a positive integer")
  check.raises(function() near:read {} end, "number or format expected, got table")
  check.raises(function() near:lines "a" end, '"l", "L" or a number of bytes')
  check.raises(function() near:lines(0) end, '"l", "L" or a number of bytes')
  check.raises(function() near:read("l", { timeot = 1 }) end,
    "unknown option 'timeot', did you mean 'timeout'%?")
  check.raises(function() near:read("l", 1) end, "table expected, got number")
  check.raises(function() near.read(1) end, "connection expected, got number")
  check.raises(function() read(nil, "l") end, "connection expected")
end)

-- --- the end ---------------------------------------------------------------------------------

check.case("the end of the stream is a plain nil, in every mode and again", function()
  local near, far = pair()
  far:finish()
  for _, what in ipairs { "l", "L", 1, 0 } do
    check.same(table.pack(near:read(what)), { n = 1 })
  end
  check.same(table.pack(near:read()), { n = 1 })
  check.same(table.pack(near:read_until ";"), { n = 1 })
  check.equal(near.failure, nil)
end)

check.case("a parked read gets the end when it comes", function()
  for _, what in ipairs { "l", "L", 5 } do
    local near, far = pair()
    local reader = spawn(function() return near:read(what) end)
    sleep(0)
    far:close()
    check.same(table.pack(reader:join()), { n = 1 })
  end
end)

check.case("the end inside n bytes is EOF, and what came stays", function()
  local near, far = pair()
  far:finish "abc"
  check.fails("EOF", near:read(4))
  check.fails("EOF", near:read(4))
  check.equal(near:take(), "abc")
  check.same(table.pack(near:read(4)), { n = 1 })
end)

check.case("a last line without its end is delivered", function()
  local near, far = pair()
  far:finish "one\ntwo"
  check.equal(near:read "l", "one")
  check.equal(near:read "l", "two")
  check.same(table.pack(near:read "l"), { n = 1 })
  local other, its_far = pair()
  its_far:finish "three"
  check.equal(other:read "L", "three")
end)

check.case('"a" gives all up to the end, once', function()
  local near, far = pair()
  spawn(function()
    far:write(pattern(3000000))
    far:finish()
  end)
  check.ok(near:read "a" == pattern(3000000))
  check.same(table.pack(near:read "a"), { n = 1 })
end)

check.case('"a" of an empty stream is an empty string, then nil', function()
  local near, far = pair()
  far:finish()
  check.equal(near:read "a", "")
  check.same(table.pack(near:read "a"), { n = 1 })
end)

check.case("what was buffered before the end is read first", function()
  local near, far = pair()
  far:finish "one\ntwo\nthree"
  buffered(near, 13)
  check.eventually(function() return near.state == "half-closed" end)
  check.equal(near:read(4), "one\n")
  check.equal(near:read "l", "two")
  check.equal(near:read(), "three")
  check.same(table.pack(near:read()), { n = 1 })
end)

-- --- delimiters ---------------------------------------------------------------------------------

check.case("read_until gives what is before the delimiter, and drops it", function()
  local near, far = pair()
  far:write "key: value\r\n\r\nrest"
  check.equal(near:read_until ": ", "key")
  check.equal(near:read_until "\r\n\r\n", "value")
  check.equal(near:read(4), "rest")
end)

check.case("a delimiter may come in pieces, hold NULs, or be its own beginning", function()
  local near, far = pair()
  local reader = spawn(function()
    return near:read_until "--end", near:read_until "\0\0", near:read_until "aab"
  end)
  for _, piece in ipairs { "x-", "--e", "nd", "y\0", "\0", "aa", "aab" } do
    far:write(piece)
    far:flush()
    sleep(0.001)
  end
  check.same(table.pack(reader:join()), { n = 3, "x-", "y", "aa" })
end)

check.case("the end before the delimiter is EOF, and what came stays", function()
  local near, far = pair()
  far:finish "abc"
  check.fails("EOF", near:read_until ";")
  check.equal(near:take(), "abc")
end)

check.case("an empty delimiter raises", function()
  local near, far <close> = pair()
  check.raises(function() near:read_until "" end, "read_until: the delimiter is empty")
  check.raises(function() near:read_until() end, "string expected")
  check.raises(function() near:read_until(";", { mx = 1 }) end,
    "read_until: unknown option 'mx', did you mean 'max'%?")
end)

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

-- --- waiting ----------------------------------------------------------------------------------------

check.case("a timeout is ETIMEDOUT, in its time; what came stays", function()
  local near, far = pair()
  far:write "abc"
  for _, what in ipairs { "l", "L", "a", 4 } do
    local clock = check.clock()
    local message = check.fails("ETIMEDOUT", near:read(what, { timeout = 0.03 }))
    clock:took(0.03, 0.5)
    check.match(message, "^read 127%.0%.0%.1:%d+: ")
  end
  check.fails("ETIMEDOUT", near:read_until(";", { timeout = 0.01 }))
  check.equal(near:read(), "abc")
  check.fails("ETIMEDOUT", near:read(nil, { timeout = 0 }))
  far:write ";"
  check.equal(near:read(1, { timeout = 10 }), ";")
end)

check.case("the option timeout bounds each wait that has no other", function()
  local near, far <close> = pair()
  near:set { timeout = 0.02 }
  check.fails("ETIMEDOUT", near:read())
  check.fails("ETIMEDOUT", near:read "l")
  for _ in near:lines() do check.ok(false, "a line") end
  check.equal(near.failure.code, "ETIMEDOUT")
  local began = now()
  check.fails("ETIMEDOUT", near:read("l", { timeout = 0.1 }))
  check.ok(now() - began >= 0.1)
  near:set { timeout = math.huge }
  local reader = spawn(function() return near:read() end)
  sleep(0.05)
  check.equal(reader:alive(), true)
  reader:cancel()
end)

check.case("a second reader raises, in whatever way it reads", function()
  local near, far = pair()
  local reader = spawn(function() return near:read "l" end)
  sleep(0)
  for _, read_again in ipairs {
    function() near:read() end, function() near:read_until ";" end,
    function() for _ in near:lines() do end end, function() near:pipe(near) end,
  } do
    check.raises(read_again, "another task is reading from it")
  end
  check.raises(function() near:on { data = print } end, "on: a task is reading from the connection")
  far:write "x\n"
  check.equal(reader:join(), "x")
  far:write "y"
  check.equal(near:read(1), "y")
end)

check.case("after a cancelled read another one gets it all", function()
  local near, far = pair()
  local reader = spawn(function() return near:read(4) end)
  far:write "ab"
  buffered(near, 2)
  reader:cancel()
  check.same(table.pack(reader:join()), { n = 2, nil, "cancelled" })
  far:write "cd"
  check.equal(near:read(4), "abcd")
end)

check.case("after a local close a read is ECLOSED, in every mode", function()
  local near, far <close> = pair()
  far:write "unread\n"
  buffered(near, 7)
  check.equal(near:close(), true)
  for _, what in ipairs { "l", "L", "a", 1 } do check.fails("ECLOSED", near:read(what)) end
  check.fails("ECLOSED", near:read())
  check.fails("ECLOSED", near:read_until ";")
  check.fails("ECLOSED", near:unread "x")
  check.equal(near:take(), "")
  check.equal(near:peek(), "")
  for _ in near:lines() do check.ok(false, "a line") end
end)

check.case("a read that waits is ECLOSED by a local close, and by finish", function()
  for _, how in ipairs { "close", "finish", "abort" } do
    local near, far <close> = pair()
    local reader = spawn(function() return near:read "l" end)
    sleep(0)
    near[how](near)
    check.fails("ECLOSED", reader:join())
  end
end)

check.case("after a reset whole lines come first, what is left stays for take", function()
  local near, far = pair()
  far:write "one\ntwo\nthr"
  buffered(near, 11)
  far:abort()
  check.eventually(function() return near.state == "failed" end)
  check.equal(near:read "l", "one")
  check.equal(near:read(3), "two")
  check.equal(near:read "L", "\n")
  local message = check.fails("ECONNRESET", near:read "l")
  check.match(message, "^read 127%.0%.0%.1:%d+: Connection reset by peer$")
  check.fails("ECONNRESET", near:read "a")
  check.fails("ECONNRESET", near:read(4))
  check.equal(near:read(), "thr")
  check.fails("ECONNRESET", near:read())
  check.equal(near.failure.code, "ECONNRESET")
end)

check.case("a read that waits gets a reset", function()
  for _, what in ipairs { "l", "a", 5 } do
    local near, far = pair()
    local reader = spawn(function() return near:read(what) end)
    sleep(0)
    far:abort()
    check.fails("ECONNRESET", reader:join())
  end
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

-- --- lines ---------------------------------------------------------------------------------------------

check.case("lines goes through the lines, the last one without its end included", function()
  local near, far = pair()
  far:finish "one\r\ntwo\n\nfour"
  local lines = {}
  for line in near:lines() do lines[#lines + 1] = line end
  check.same(lines, { "one", "two", "", "four" })
  check.equal(near.failure, nil)
end)

check.case('lines "L" keeps the ends, lines(n) cuts pieces of n bytes', function()
  local near, far = pair()
  far:finish "one\r\ntwo\n1234567"
  local pieces = {}
  for line in near:lines "L" do
    pieces[#pieces + 1] = line
    if #pieces == 2 then break end
  end
  for piece in near:lines(3) do pieces[#pieces + 1] = piece end
  check.same(pieces, { "one\r\n", "two\n", "123", "456" })
  check.equal(near.failure.code, "EOF")
  check.equal(near:take(), "7")
end)

check.case("lines ends at a line too long, and failure tells it", function()
  local near, far = pair()
  near:set { max_line = 8 }
  far:finish "one\nmuch too long\ntwo\n"
  local lines = {}
  for line in near:lines() do lines[#lines + 1] = line end
  check.same(lines, { "one" })
  check.equal(near.failure.code, "EMSGSIZE")
  check.equal(near:read(14), "much too long\n")
  check.equal(near:read "l", "two")
end)

check.case("lines ends at a reset, and failure tells it", function()
  local near, far = pair()
  local lines = {}
  local reader = spawn(function()
    for line in near:lines() do lines[#lines + 1] = line end
  end)
  far:write "one\ntwo\nthr"
  check.eventually(function() return #lines == 2 end)
  far:abort()
  check.ok(reader:join() == nil)
  check.same(lines, { "one", "two" })
  check.equal(near.failure.code, "ECONNRESET")
end)

check.case("break leaves the rest of the lines to the next reader", function()
  local near, far = pair()
  far:write "one\ntwo\nthree\n"
  for line in near:lines() do
    check.equal(line, "one")
    break
  end
  check.equal(near:read "l", "two")
  for line in near:lines() do
    check.equal(line, "three")
    break
  end
end)

check.case("S179 modes change in the midst, and buffered bytes are used", function()
  local near, far = pair()
  far:write "5\nhello3\nabc\nline\n0 rest"
  local got = {}
  got[1] = near:read(tonumber(near:read "l"))
  got[2] = near:read(tonumber(near:read "l"))
  got[3] = near:read "L"
  got[4] = near:read "l"
  got[5] = near:read_until " "
  got[6] = near:read()
  check.same(got, { "hello", "abc", "\n", "line", "0", "rest" })
end)

check.case("bytes are counted", function()
  local near, far = pair()
  near:write "12345"
  far:write "123"
  check.equal(near:read(3), "123")
  check.equal(far:read(5), "12345")
  check.same({ near.bytes_in, near.bytes_out, near.queued }, { 3, 5, 0 })
  check.same({ far.bytes_in, far.bytes_out }, { 5, 3 })
end)

check.case("a Unix socket reads the same", function()
  local near, far = pair.unix()
  far:write "one\ntwo"
  check.equal(near:read "l", "one")
  far:finish()
  check.fails("EOF", near:read(5))
  check.equal(near:read "l", "two")
  check.equal(near:read "l", nil)
end)

check.case("many connections read at once, each its own", function()
  local srv <close> = check.ok(listen(0, function(c)
    for line in c:lines() do c:write(line:upper(), "\n") end
  end))
  local tasks = {}
  for i = 1, 200 do
    tasks[i] = spawn(function()
      local c <close> = check.ok(connect(srv.address))
      for j = 1, 5 do
        c:write("client ", i, " line ", j, "\n")
        check.equal(c:read "l", ("CLIENT %d LINE %d"):format(i, j))
      end
      return i
    end)
  end
  for i, task in ipairs(tasks) do check.equal(task:join(), i) end
  check.equal(srv.accepted, 200)
end)

check.done()
