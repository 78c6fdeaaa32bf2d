--- lines(), which goes through a connection.
local check = require "check"
local pair = require "pair"

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

check.done()
