--- Reading from a connection: every mode of read, and delimiters. The numbers are those of seeds.md 3.5.
local buffered = require "buffered"
local check = require "check"
local pair = require "pair"
local pattern = require "pattern"

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
  check.raises(function() near:read(-1) end, "number of bytes must be an integer, not negative")
  check.raises(function() near:read(1.5) end, "number of bytes must be an integer, not negative")
  check.raises(function() near:read {} end, "number or format expected, got table")
  check.raises(function() near:lines "a" end, '"l", "L" or a number of bytes')
  check.raises(function() near:lines(0) end, '"l", "L" or a number of bytes')
  check.raises(function() near:read("l", { timeot = 1 }) end,
    "unknown option 'timeot', did you mean 'timeout'%?")
  check.raises(function() near:read("l", 1) end, "table expected, got number")
  check.raises(function() near.read(1) end, "connection expected, got number")
  check.raises(function() read(nil, "l") end, "connection expected")
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

-- --- mixed ---------------------------------------------------------------------------------

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
