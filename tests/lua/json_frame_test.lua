--- Connections whose messages are JSON values: read and data hooks, however the bytes come.
local check = require "check"
local json = require "json"
local pair = require "pair"

local MIXED <const> = ' {"a":[1,{"b":"}\\""}],\n "c":{}}\n[]12 -3.5e1\ttrue false null"\u{e9}[" {"d":2}[[]]7'
local APART <const> = { { a = { 1, { b = '}"' } }, c = {} }, {}, 12, -35.0, true, false, json.null,
  "\u{e9}[", { d = 2 }, { {} }, 7 }

--- All values up to the end, which is nil.
local function read_all(c)
  local values = {}
  for _ = 1, 1000 do
    local value, message = c:read(nil, { timeout = 5 })
    if value == nil then return values, message end
    values[#values + 1] = value
  end
end

local function last(list) return list[#list] end

check.case("read gives values, with blanks between them or without", function()
  local near, far <close> = pair({ frame = "json" })
  check.equal(near:get "frame", "json")
  far:write(MIXED)
  far:shutdown()
  local values, message = read_all(near)
  check.same(values, APART)
  check.equal(message, nil)
  check.equal(json.encode(values[2]), "[]")
  check.equal(math.type(values[3]), "integer")
  near:close()
end)

check.case("the same byte by byte, each of which is read before the next is sent", function()
  local near, far <close> = pair({ frame = "json" })
  local values = {}
  local reader = spawn(function() values = read_all(near) end)
  for i = 1, #MIXED do
    far:write(MIXED:sub(i, i))
    check.eventually(function() return near.bytes_in == i end)
  end
  far:shutdown()
  reader:join()
  check.same(values, APART)
  near:close()
end)

check.case("data hooks are called once a value, byte by byte and all at once", function()
  for _, step in ipairs { 1, 5, #MIXED } do
    local near, far <close> = pair()
    local values, ended = {}, nil
    near:frame "json"
    near:on {
      data = function(c, value)
        check.equal(c, near)
        values[#values + 1] = value
      end,
      close = function(_, reason) ended = reason end,
    }
    for i = 1, #MIXED, step do
      far:write(MIXED:sub(i, i + step - 1))
      check.eventually(function() return near.bytes_in >= math.min(i + step - 1, #MIXED) end)
    end
    far:shutdown()
    check.eventually(function() return ended end)
    check.same(values, APART)
    check.equal(ended, "eof")
  end
end)

check.case("a hook that waits holds back the next value; many come in one batch", function()
  local near, far <close> = pair({ frame = "json" })
  local got = {}
  near:on { data = function(_, value)
    if value[1] % 100 == 0 then sleep(0.001) end
    got[#got + 1] = value[1]
  end }
  local want = {}
  for i = 1, 1000 do
    want[i] = i
    far:write(json.encode { i }, i % 2 == 0 and "\n" or "")
  end
  check.eventually(function() return #got == 1000 end)
  check.same(got, want)
  near:close()
end)

check.case("a value longer than unread_limit, and one over many pieces, come whole", function()
  local near, far <close> = pair({ frame = "json", unread_limit = 1000 })
  local value = {}
  for i = 1, 20000 do value[i] = "number " .. i end
  local writer = spawn(function()
    far:write(json.encode(value, { indent = 2 }), "\n[]")
    far:shutdown()
  end)
  check.same(near:read(nil, { timeout = 5 }), value)
  check.same(near:read(), {})
  check.equal(near:read(), nil)
  writer:join()
  near:close()
end)

check.case("blanks alone are nothing, however many", function()
  local near, far <close> = pair({ frame = "json", max_line = 100 })
  far:write(("\r\n \t"):rep(1000), "1 ", (" "):rep(1000))
  far:shutdown()
  check.equal(near:read(nil, { timeout = 5 }), 1)
  check.equal(near:read(), nil)
  near:close()
end)

check.case("what is no JSON fails a read, which goes on with what follows", function()
  local near, far <close> = pair({ frame = "json" })
  far:write '{"a":1} {"a":\n tru} 3 nope\n"\\x" [1,]{} \xff "bad\nend" 4 '
  check.same(near:read(), { a = 1 })
  local function refused(message)
    local value, why, code = near:read(nil, { timeout = 5 })
    check.equal(value, nil)
    check.match(why, "^read 127%.0%.0%.1:%d+: " .. message)
    check.equal(code, "EPROTO")
    check.equal(near.failure.message, why)
    check.equal(near.failure.code, "EPROTO")
  end
  refused "line 2, column 2: expected a value, got 'tru'$"
  check.equal(near:read(), 3)
  refused "line 1, column 1: expected a value, got 'nope'$"
  refused "line 1, column 2: no such escape"
  refused "line 1, column 4: expected a value, got ']'$"
  check.same(near:read(), {})
  refused "line 1, column 1: invalid UTF%-8$"
  refused "line 1, column 5: a control character in a string must be escaped, got byte 0x0a$"
  refused "line 1, column 1: expected a value, got 'end'$"
  near:close()
end)

check.case("what is no JSON fails a data hook's connection, after the values before it", function()
  for _, waits in ipairs { false, true } do
    local near, far <close> = pair({ frame = "json" })
    local log = {}
    near:on {
      data = function(_, value)
        if waits then sleep(0.005) end
        log[#log + 1] = value
      end,
      error = function(c, message, code)
        log[#log + 1] = message
        log[#log + 1] = code
        log[#log + 1] = c:take()
      end,
      close = function(_, reason) log[#log + 1] = reason end,
    }
    far:write '1 2 {"x" 1} 3 '
    check.eventually(function() return last(log) == "error" end)
    check.match(table.remove(log, 3), "^read 127.*: line 1, column 6: expected ':' after the name, got '1'$")
    check.same(log, { 1, 2, "EPROTO", '{"x" 1}3 ', "error" })
  end
end)

check.case("a value longer than max_line fails, and its bytes stay", function()
  local near, far <close> = pair({ frame = "json", max_line = 10 })
  far:write '[1,2,3,45]'
  check.same(near:read(nil, { timeout = 5 }), { 1, 2, 3, 45 })
  far:write '[1,2,3,456]'
  check.fails("EMSGSIZE", near:read(nil, { timeout = 5 }))
  check.fails("EMSGSIZE", near:read())
  near:frame()
  check.equal(near:read(), "[1,2,3,456]")
  near:frame "json"
  far:write '"never ending '
  local _, message = near:read(nil, { timeout = 5 })
  check.match(message, "^read 127%.0%.0%.1:%d+: more than 10 bytes$")
  near:close()

end)

check.case("it costs a data hook's connection, also behind a call that waits; so does a line", function()
  for frame, first in pairs { json = 1, line = "1" } do
    for _, pause in ipairs { false, 0.005 } do
      local near, far <close> = pair({ frame = frame, max_line = 10 })
      local log = {}
      near:on {
        data = function(_, value)
          if pause then sleep(pause) end
          log[#log + 1] = value
        end,
        error = function(_, _, code) log[#log + 1] = code end,
        close = function(_, reason) log[#log + 1] = reason end,
      }
      far:write '1\n{"a":"long"}'
      check.eventually(function() return last(log) == "error" end)
      check.same(log, { first, "EMSGSIZE", "error" })
    end
  end
end)

check.case("the end inside a value is told; what came stays", function()
  local near, far <close> = pair({ frame = "json" })
  far:write '1 {"a":'
  far:shutdown()
  check.equal(near:read(), 1)
  check.fails("EOF", near:read(nil, { timeout = 5 }))
  check.equal(near:take(), '{"a":')
  near:close()
end)

check.case("bytes that are taken or put back in between do not confuse it", function()
  local near, far <close> = pair({ frame = "json" })
  far:write '{"a":['
  check.fails("ETIMEDOUT", near:read(nil, { timeout = 0.01 }))
  check.equal(near:take(5), '{"a":')
  near:unread '{"b":'
  far:write '1]}'
  check.same(near:read(nil, { timeout = 5 }), { b = { 1 } })
  far:write '"abc'
  check.fails("ETIMEDOUT", near:read(nil, { timeout = 0.01 }))
  check.equal(near:take(1), '"')
  far:write ' "x" '
  check.fails("EPROTO", near:read(nil, { timeout = 5 }))
  check.equal(near:read(nil, { timeout = 5 }), "x")
  near:close()
end)

check.case("the frame may change in the midst of a batch", function()
  local near, far <close> = pair()
  local got = {}
  near:frame "line"
  near:on { data = function(c, message)
    got[#got + 1] = message
    if message == "json" then c:frame "json" end
    if type(message) == "table" then c:frame(message.next) end
    if message == "1234" then c:frame "json" end
  end }
  far:write 'one\njson\n{"next":4}1234 12 {"next":"line"} rest\nlast\n'
  check.eventually(function() return last(got) == "last" end)
  check.same(got, { "one", "json", { next = 4 }, "1234", 12, { next = "line" }, "rest", "last" })
  near:close()
end)

check.case("a connection that comes back begins with a new value", function()
  local srv
  srv = check.ok(listen("127.0.0.1:0", function(c)
    c:write(srv.accepted == 1 and '{"half":[[[1,' or '{"half":[1,')
    if c:read "l" ~= "again" then return end
    c:write "2]}"
    c:read()  -- up to its end: else it would come back once more
  end))
  local got = {}
  local c <close> = check.ok(connect(srv.address, { frame = "json", reconnect = { delay = 0.01 } }))
  c:on {
    open = function() c:write(#got == 0 and srv.accepted == 1 and "lose me\n" or "again\n") end,
    data = function(_, value) got[#got + 1] = value end,
  }
  check.eventually(function() return #got >= 1 end)
  check.same(got[1], { half = { 1, 2 } })
  check.equal(srv.accepted, 2)
  srv:close()
end)

check.case("what was answered before the bad message still arrives", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", { frame = "json" }, function(c)
    c:on { data = function(_, value) c:write(json.encode { got = value }, "\n") end }
  end))
  local c <close> = check.ok(connect(srv.address))
  c:write '1 2 }\n'
  check.equal(c:read "l", '{"got":1}')
  check.equal(c:read "l", '{"got":2}')
end)

check.case("it is an option of listen and connect; lines and read with a format ignore it", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", { frame = "json" }, function(c)
    for _ = 1, 2 do c:write(json.encode { got = c:read() }, "\n") end
    c:write(c:read "l", "\n")
  end))
  local c <close> = check.ok(connect(srv.address))
  c:write '[1] "two" three\n'
  local lines = {}
  for line in c:lines() do lines[#lines + 1] = line end
  check.same(lines, { '{"got":[1]}', '{"got":"two"}', "three" })
end)

check.done()
