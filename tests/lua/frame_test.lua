--- Frames of a connection: data hooks and reads that get one message at a time.
local check = require "check"
local hook_log = require "hook_log"
local pair = require "pair"

local noting, names, last = hook_log.noting, hook_log.names, hook_log.last

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
  check.raises(function() near:frame((1 << 30) + 1) end,
    "frame: a number of bytes is at most 1073741824$")
  check.raises(function() near:frame(1.5) end, "no integer representation")
  check.raises(function() near:frame {} end, "number or word expected, got table")
end)

check.done()
