--- How WebSockets end: closing handshakes, failures, pings that are not answered.
local check = require "check"
local peer = require "ws_peer"

local pair, frame, raw_client, close_bytes =
  peer.pair, peer.frame, peer.raw_client, peer.close_bytes

check.case("close sends status and reason, what was written before it first", function()
  local near, far = pair()
  near:write "last"
  check.equal(near:close(4001, "done"), true)
  check.equal(near.state, "closing")
  check.equal(near:close(), false)
  check.fails("ECLOSED", near:write "more")
  check.fails("ECLOSED", near:read())
  check.fails("ECLOSED", near:ping())
  check.equal(far:read(), "last")
  check.equal(far:read(), nil)
  check.equal(far:read(), nil)
  check.equal(far.close_code, 4001)
  check.equal(far.close_reason, "done")
  check.fails("ECLOSED", far:write "late")
  check.eventually(function() return near.state == "closed" and far.state == "closed" end)
  check.equal(near.close_code, 4001)
end)

check.case("close wakes who reads, and drops what nobody has read", function()
  local near, far = pair()
  local answer
  local reader = spawn(function() answer = { near:read() } end)
  sleep(0)
  far:write "unread"
  near:close()
  reader:join()
  check.equal(answer[3], "ECLOSED")
  check.equal(far:read(), nil)
  check.eventually(function() return near.state == "closed" end)
end)

check.case("a status or reason that cannot be raises", function()
  local near, far <close> = pair()
  for _, status in ipairs { 0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 70000, -1 } do
    check.raises(function() near:close(status) end, "close: a status is")
  end
  check.raises(function() near:close(1000, ("x"):rep(124)) end, "at most 123 bytes")
  check.raises(function() near:close(1000, "\xff") end, "of UTF%-8")
  check.equal(near.state, "open")
  check.equal(far.state, "open")
end)

check.case("a handler that returns closes with 1000, one that fails with 1011", function()
  local srv = listen("ws://127.0.0.1:0", function(ws)
    if ws:read() == "fail" then
      ws:write "failing"
      error "on purpose"
    end
    ws:write "bye"
  end)
  local ws = connect(srv.address)
  ws:write "return"
  check.equal(ws:read(), "bye")
  check.equal(ws:read(), nil)
  check.equal(ws.close_code, 1000)
  ws = connect(srv.address)
  ws:write "fail"

  check.equal(ws:read(), "failing")
  check.equal(ws:read(), nil)
  check.equal(ws.close_code, 1011)

  srv:close()
end)

check.case("a peer that does not answer a Close frame is waited for no longer than close_timeout", function()
  local srv = listen("ws://127.0.0.1:0", { close_timeout = 0.05 }, function(ws) ws:close(1000) end)
  local c = raw_client(srv)
  local began = now()
  check.equal(c:read "a", frame(0x88, close_bytes(1000)))
  check.equal(now() - began < 3, true)
  check.eventually(function() return srv.open == 0 end)
  c:close()
  srv:close()
end)

check.case("an end without a Close frame is EOF, with 1006", function()
  local answer, code
  local srv = listen("ws://127.0.0.1:0", function(ws)
    answer = { ws:read() }
    code = ws.close_code
  end)
  local c = raw_client(srv)
  c:write(frame(0x01, "half", true))
  c:shutdown()
  check.eventually(function() return answer end)
  check.equal(answer[3], "EOF")
  check.match(answer[2], "without a Close frame, in the middle of a message$")
  check.equal(code, nil)
  c:close()
  srv:close()
end)

check.case("what a peer does wrong costs its connection, and it is told", function()
  local answer
  local srv = listen("ws://127.0.0.1:0", { max_message = 100 }, function(ws)
    answer = { ws:read() }
    answer.failure = ws.failure
    check.fails("ECLOSED", ws:write "x")
  end)
  local function send(bytes, code, status, why)
    answer = nil
    local c = raw_client(srv)
    c:write(bytes)
    check.match(c:read("a", { timeout = 5 }), "^\x88." .. close_bytes(status):gsub("%W", "%%%0"))
    c:close()
    check.eventually(function() return answer end)
    check.equal(answer[3], code)
    check.match(answer[2], why)
    check.equal(answer.failure.code, code)
  end
  send(frame(0x81, "unmasked"), "EPROTO", 1002, "the peer sent a frame of a client without a mask")
  send(frame(0xc1, "rsv", true), "EPROTO", 1002, "compressed frame, which was not agreed on")
  send(frame(0x83, "op", true), "EPROTO", 1002, "a reserved opcode")
  send(frame(0x80, "cont", true), "EPROTO", 1002, "a continuation of no message")
  send(frame(0x81, "\xff", true), "EPROTO", 1007, "a text that is no UTF%-8")
  send(frame(0x82, ("x"):rep(101), true), "EMSGSIZE", 1009, "more than 100 bytes")
  send(frame(0x88, "\0", true), "EPROTO", 1002, "a Close frame of one byte")
  srv:close()
end)

check.case("hooks hear of a failure, and of the end", function()
  local told = {}
  local srv = listen("ws://127.0.0.1:0", function(ws)
    ws:on {
      message = function(_, m) told[#told + 1] = m end,
      error = function(_, _, code) told[#told + 1] = code end,
      close = function(_, reason) told[#told + 1] = reason end,
    }
  end)
  local c = raw_client(srv)
  c:write(frame(0x81, "good", true) .. frame(0x83, "bad", true))
  check.match(c:read "a", "^\x88")
  c:close()
  check.eventually(function() return #told == 3 end)
  check.same(told, { "good", "EPROTO", "error" })
  srv:close()
end)

-- --- pings --------------------------------------------------------------------------------

check.case("pings are answered while nobody reads", function()
  local srv = listen("ws://127.0.0.1:0", function(ws) ws:spawn(function() sleep(60) end) end)
  local c = raw_client(srv)
  c:write(frame(0x89, "are you there", true))
  check.equal(c:read(15), frame(0x8a, "are you there"))
  c:write(frame(0x88, close_bytes(1001), true))
  check.equal(c:read "a", frame(0x88, close_bytes(1001)))
  c:close()
  srv:close()
end)

check.case("ping measures", function()
  local near, far = pair()
  check.equal(near.latency, nil)
  check.equal(near:ping "data", true)
  local reader = spawn(function() near:read() end)
  local other = spawn(function() far:read() end)
  check.eventually(function() return near.latency end)
  check.equal(near.latency < 5, true)
  check.raises(function() near:ping(("x"):rep(126)) end, "at most 125 bytes")
  near:close()
  reader:join()
  other:join()
  check.eventually(function() return near.state == "closed" and far.state == "closed" end)
end)

check.case("who does not answer is dropped; who does is not", function()
  local answer
  local options = { ping_interval = 0.02, ping_timeout = 0.05 }
  local srv = listen("ws://127.0.0.1:0", options, function(ws)
    answer = { ws:read() }
    answer.reason = ws.failure
  end)
  local c = raw_client(srv)
  check.equal(c:read(10, { timeout = 5 }), frame(0x89, "moonwire"))
  check.equal(answer, nil)
  c:write(frame(0x8a, "moonwire", true))
  check.equal(c:read(10, { timeout = 5 }), frame(0x89, "moonwire"))
  check.eventually(function() return answer end)
  check.equal(answer[3], "ETIMEDOUT")
  check.match(answer[2], "no answer to a ping")
  c:close()
  srv:close()
end)

check.case("limits that never come are none", function()
  local near, far = pair({ ping_interval = math.huge, ping_timeout = 0, close_timeout = math.huge },
    { ping_interval = 0, ping_timeout = math.huge })
  near:write "still here"
  check.equal(far:read(), "still here")
  far:close()
  check.equal(near:read(), nil)
  check.eventually(function() return far.state == "closed" and near.state == "closed" end)
end)

check.done()
