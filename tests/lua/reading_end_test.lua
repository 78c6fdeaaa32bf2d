--- What a read answers at the end of a connection, and when it has waited in vain.
local buffered = require "buffered"
local check = require "check"
local pair = require "pair"
local pattern = require "pattern"

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

check.done()
