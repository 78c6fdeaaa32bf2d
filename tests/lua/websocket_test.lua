--- WebSockets: both sides of ours against each other, and against a peer made of bytes.
local check = require "check"

local KEY <const> = "dGhlIHNhbXBsZSBub25jZQ=="

--- A listener, and a connection to it; `run` is the handler, or the server's end waits.
local function pair(server_options, client_options)
  local srv = listen("ws://127.0.0.1:0/", server_options)
  local far
  local accepting = spawn(function() far = srv:accept { timeout = 5 } end)
  local near = assert(connect(srv.address, client_options))
  accepting:join()
  srv:close()
  return near, far
end

local function frame(first, payload, masked)
  local size = #payload
  local second = masked and 0x80 or 0
  local head = size < 126 and string.char(first, second | size)
    or string.pack(">BBI2", first, second | 126, size)
  if not masked then return head .. payload end
  local key = "\x11\x22\x33\x44"
  local bytes = { payload:byte(1, -1) }
  for i, b in ipairs(bytes) do bytes[i] = string.char(b ~ key:byte((i - 1) % 4 + 1)) end
  return head .. key .. table.concat(bytes)
end

local REQUEST <const> = "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
  .. "Connection: Upgrade\r\nSec-WebSocket-Key: " .. KEY .. "\r\nSec-WebSocket-Version: 13\r\n%s\r\n"

--- A client of bytes that has been let in by the WebSocket listener `srv`.
local function raw_client(srv, path)
  local c = assert(connect((srv.address:gsub("^ws://", ""):gsub("/.*", ""))))
  c:write(REQUEST:format(path or "/", ""))
  check.match(c:read_until "\r\n\r\n", "^HTTP/1.1 101 ")
  return c
end

--- A server of bytes: lets a WebSocket in, then runs `serve(c)`.
local function raw_server(serve, more)
  return listen("127.0.0.1:0", function(c)
    local key = c:read_until("\r\n\r\n"):match "Sec%-WebSocket%-Key: (%S+)"
    -- The key is answered by a listener of ours.
    local helper = listen("ws://127.0.0.1:0", function() end)
    local h <close> = connect((helper.address:gsub("^ws://", "")))
    h:write((REQUEST:format("/", ""):gsub(KEY:gsub("%p", "%%%0"), key)))
    local accept = h:read_until("\r\n\r\n"):match "Sec%-WebSocket%-Accept: (%S+)"
    helper:close()
    c:write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
      "Sec-WebSocket-Accept: ", accept, "\r\n", more or "", "\r\n")
    serve(c)
  end)
end

local function close_bytes(code, reason) return string.pack(">I2", code) .. (reason or "") end

-- --- messages -----------------------------------------------------------------------------

check.case("messages go both ways with their kind, of every size", function()
  local near, far = pair()
  for _, size in ipairs { 0, 1, 125, 126, 1000, 1100, 65535, 65536, 300000 } do
    for _, ends in ipairs { { near, far }, { far, near } } do
      local message = ("m"):rep(size)
      local writer = spawn(function() check.equal(ends[1]:write(message), true) end)
      local got, kind = ends[2]:read(nil, { timeout = 5 })
      check.equal(got, message)
      check.equal(kind, "text")
      writer:join()
    end
  end
  near:write("\xff\0", "binary")
  check.same({ far:read() }, { "\xff\0", "binary" })
  far:write("t\u{f6}xt", "text")
  check.same({ near:read() }, { "t\u{f6}xt", "text" })
  check.same({ write(near, "by the verb"), read(far) }, { true, "by the verb", "text" })
  near:close()
  check.equal(far:read(), nil)
end)

check.case("messages() gives them up to the end", function()
  local srv = listen("ws://127.0.0.1:0", function(ws)
    for i = 1, 100 do ws:write(tostring(i), i % 2 == 0 and "binary" or "text") end
  end)
  local ws <close> = connect(srv.address)
  local count = 0
  for message, kind in ws:messages() do
    count = count + 1
    check.equal(message, tostring(count))
    check.equal(kind, count % 2 == 0 and "binary" or "text")
  end
  check.equal(count, 100)
  check.equal(ws.failure, nil)
  check.equal(ws.close_code, 1000)
  srv:close()
end)

check.case("the message hook is called with message and kind; one that waits holds back the next", function()
  local got, reason = {}, nil
  local srv = listen("ws://127.0.0.1:0", function(ws)
    ws:on {
      message = function(c, message, kind)
        check.equal(c, ws)
        if #got % 10 == 0 then sleep(0.001) end
        got[#got + 1] = message .. kind
      end,
      close = function(_, why) reason = why end,
    }
  end)
  local ws = connect(srv.address)
  local want = {}
  for i = 1, 200 do
    local kind = i % 3 == 0 and "binary" or "text"
    ws:write(tostring(i), kind)
    want[i] = i .. kind
  end
  ws:close()
  check.eventually(function() return reason end)
  check.same(got, want)
  check.equal(reason, "eof")
  srv:close()
end)

check.case("what is read is the same byte by byte", function()
  local got = {}
  local srv = listen("ws://127.0.0.1:0", function(ws)
    for message, kind in ws:messages() do got[#got + 1] = message .. kind end
    got[#got + 1] = ws.close_code
  end)
  local bytes = REQUEST:format("/", "") .. frame(0x01, "Hel", true) .. frame(0x89, "p", true)
    .. frame(0x80, "lo", true) .. frame(0x82, ("b"):rep(200), true)
    .. frame(0x88, close_bytes(3000, "x"), true)
  local c = assert(connect((srv.address:gsub("^ws://", ""))))
  c:set { nodelay = true }
  for i = 1, #bytes do
    c:write(bytes:sub(i, i))
    check.equal(c:flush(), true)
    if i % 7 == 0 then sleep(0) end
  end
  c:read_until "\r\n\r\n"
  check.equal(c:read "a", frame(0x8a, "p") .. frame(0x88, close_bytes(3000)))
  check.same(got, { "Hellotext", ("b"):rep(200) .. "binary", 3000 })
  c:close()
  srv:close()
end)

check.case("frames that come with the handshake, on both sides, are read", function()
  local srv = listen("ws://127.0.0.1:0", function(ws) ws:write((ws:read())) end)
  local c = assert(connect((srv.address:gsub("^ws://", ""))))
  c:write(REQUEST:format("/", "") .. frame(0x81, "early", true))
  check.match(c:read_until "\r\n\r\n", "101")
  check.equal(c:read(7), frame(0x81, "early"))
  c:close()
  srv:close()
  srv = raw_server(function(raw) raw:write(frame(0x81, "at once")) raw:read "a" end)
  local ws <close> = assert(connect("ws://" .. srv.address))
  check.same({ ws:read() }, { "at once", "text" })
  srv:close()
end)

check.case("a text that is no UTF-8 is not sent; what is no message raises", function()
  local near, far <close> = pair()
  local message = check.fails("EILSEQ", near:write "\xff")
  check.match(message, "no?n?e?; write it as \"binary\"$")
  check.raises(function() near:write("a", "b") end, "a message expected, and \"text\" or \"binary\"")
  check.raises(function() near:write() end, "a message expected")
  check.raises(function() near:write("a", "text", "c") end, "a message expected")
  check.raises(function() near:write {} end, "string expected")
  check.equal(near:write(42), true)
  check.equal(far:read(), "42")
end)

check.case("what is about bytes raises", function()
  local near, far <close> = pair()
  for _, call in ipairs { "take", "peek", "shutdown" } do
    check.raises(function() near[call](near) end, call .. ": a WebSocket has messages")
  end
  check.raises(function() near:read(5) end, "read: a WebSocket has messages")
  check.raises(function() near:read "l" end, "read: a WebSocket has messages")
  check.raises(function() near:read_until "x" end, "read_until: a WebSocket")
  check.raises(function() near:unread "x" end, "unread: a WebSocket")
  check.raises(function() near:frame "line" end, "frame: a WebSocket")
  check.raises(function() near:finish "x" end, "finish: a WebSocket")
  check.raises(function() near:pipe(far) end, "pipe: a WebSocket")
  check.raises(function() near:starttls() end, "starttls: a WebSocket")
  check.raises(function() for _ in near:lines() do end end, "lines: a WebSocket")
  check.raises(function() near:on { data = print } end, "its hook is 'message'")
  check.raises(function() near:set { frame = "line" } end, "'frame' is not for a WebSocket")
end)

check.case("a plain connection is none", function()
  local srv = listen("127.0.0.1:0", function(c) c:read() end)
  local c <close> = connect(srv.address)
  check.raises(function() c:ping() end, "no WebSocket")
  check.raises(function() c:close(1000) end, "only a WebSocket")
  check.raises(function() c:on { message = print } end, "'message' is for WebSockets")
  check.raises(function() for _ in c:messages() do end end, "no WebSocket")
  check.equal(c.protocol, nil)
  check.equal(c.request, nil)
  check.equal(c.close_code, nil)
  check.raises(function() connect(srv.address, { max_message = 5 }) end,
    "option 'max_message' is not for tcp")
  check.raises(function() listen("127.0.0.1:0", { origins = "x" }) end,
    "option 'origins' is not for tcp")
  check.raises(function() listen("ws://:0", { frame = "line" }) end,
    "option 'frame' is not for ws")
  check.raises(function() listen("ws://:0", { broadcast = true }) end,
    "option 'broadcast' is not for ws")
  check.raises(function() listen("ws://:0", { tls = {} }) end, "option 'tls' is not for ws")
  srv:close()
end)

-- --- opening ------------------------------------------------------------------------------

check.case("a server tells what was asked for, and what was agreed on", function()
  local seen
  local srv = listen("ws://127.0.0.1:0/chat", { protocols = { "b", "c" } }, function(ws)
    seen = { ws.request, ws.protocol }
    ws:read()
  end)
  local ws <close> = connect(srv.address .. "?room=1&x=%20",
    { protocols = { "a", "b", "c" }, headers = { ["X-Token"] = "abc", Cookie = "a=1" } })
  check.equal(ws.protocol, "b")
  check.equal(ws.request, nil)
  local request = seen[1]
  check.equal(seen[2], "b")
  check.equal(request.method, "GET")
  check.equal(request.path, "/chat")
  check.equal(request.query, "room=1&x=%20")
  check.equal(request.target, "/chat?room=1&x=%20")
  check.equal(request.headers["x-token"], "abc")
  check.equal(request.headers.cookie, "a=1")
  check.equal(request.headers.host, srv.address:match "//(.-)/")
  check.match(tostring(ws), "websocket")
  check.match(tostring(conns()), "ws +in .*\n *%d+ +open .* b +%d+")
  srv:close()
end)

check.case("a server that refuses is told with its status line", function()
  local srv = listen("ws://127.0.0.1:0/chat", { origins = "https://good.example" },
    function(ws) ws:read() end)
  local base = srv.address:gsub("/chat$", "")
  local message = check.fails("EPROTO", connect(base .. "/other"))
  check.equal(message, "connect " .. base .. "/other: the server answered 404 Not Found; no WebSocket")
  message = check.fails("EPROTO", connect(srv.address))
  check.match(message, "the server answered 403 Forbidden")
  message = check.fails("EPROTO", connect(srv.address, { headers = { Origin = "https://evil.example" } }))
  check.match(message, "403 Forbidden")
  local ws <close> = assert(connect(srv.address, { headers = { Origin = "https://good.example" } }))
  check.equal(ws.state, "open")
  check.equal(srv.accepted, 1)
  srv:close()
end)

check.case("refusals are whole answers of HTTP", function()
  local srv = listen("ws://127.0.0.1:0/chat", function() end)
  local host = srv.address:match "//(.-)/"
  local function answer(request)
    local c <close> = assert(connect(host))
    c:write(request)
    return c:read("a", { timeout = 5 })
  end
  local text = answer("GET /chat HTTP/1.1\r\nHost: x\r\n\r\n")
  check.match(text, "^HTTP/1.1 426 Upgrade Required\r\n")
  check.match(text, "\r\nUpgrade: websocket\r\n")
  check.match(text, "\r\n\r\nthis is a WebSocket: connect with a client for it\n$")
  check.match(answer(REQUEST:format("/x", "")), "^HTTP/1.1 404 Not Found\r\n.*it?s? ?a?t? /chat\n$")
  check.match(answer("POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), "^HTTP/1.1 405 ")
  check.match(answer("\x16\x03\x01 this is TLS\r\n\r\n"), "^HTTP/1.1 400 ")
  check.match(answer("GET /" .. ("x"):rep(20000)), "^HTTP/1.1 41?3?[41] ")
  check.equal(srv.accepted, 0)
  check.eventually(function() return srv.open == 0 end)
  srv:close()
end)

check.case("whoever leaves, or talks no HTTP, while it opens fails connect", function()
  local srv = listen("127.0.0.1:0", function(c) c:read_until "\r\n\r\n" end)
  check.match(check.fails("EOF", connect("ws://" .. srv.address)), "in the middle of the handshake")
  srv:close()
  srv = listen("127.0.0.1:0", function(c) c:read_until "\r\n\r\n" c:write("SSH-2.0-x\r\n\r\n") end)
  check.match(check.fails("EPROTO", connect("ws://" .. srv.address)), "the server's answer")
  srv:close()
  srv = listen("127.0.0.1:0", function(c) c:read "a" end)
  check.fails("ETIMEDOUT", connect("ws://" .. srv.address, { timeout = 0.05 }))
  srv:close()
  srv = listen("127.0.0.1:0", function(c)
    c:read_until "\r\n\r\n"
    c:write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
  end)
  check.match(check.fails("EPROTO", connect("ws://" .. srv.address)), "not the answer to our key")
  srv:close()
  srv = listen("127.0.0.1:0", function(c)
    c:read_until "\r\n\r\n"
    c:write("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 301 Moved\r\nLocation: /there\r\n\r\n")
  end)
  check.match(check.fails("EPROTO", connect("ws://" .. srv.address)), '301 Moved, to "/there"')
  srv:close()
end)

check.case("options that cannot be raise", function()
  local function raises(options, pattern)
    check.raises(function() connect("ws://127.0.0.1:1", options) end, pattern)
  end
  raises({ headers = { ["a b"] = "x" } }, "'headers': \"a b\" is no name")
  raises({ headers = { Upgrade = "x" } }, "Upgrade is the handshake's own")
  raises({ headers = { A = "x\r\nB: y" } }, "the value of A has a control character")
  raises({ headers = { A = {} } }, "'headers' must be a table of strings by name")
  raises({ headers = { "x" } }, "'headers' must be a table of strings by name")
  raises({ headers = "x" }, "'headers' must be a table of strings")
  raises({ protocols = { "a", "b c" } }, "'protocols': \"b c\" is no name")
  raises({ protocols = { "a", "a" } }, "'protocols': \"a\" twice")
  raises({ compress = { level = 10 } }, "'compress.level' must be from 0 to 9, got 10")
  raises({ compress = { server_max_window_bits = 8 } }, "must be from 9 to 15, got 8")
  raises({ compress = { levl = 1 } }, "did you mean 'compress.level'")
  raises({ compress = 5 }, "'compress' must be a boolean or table")
  raises({ max_message = 0 }, "'max_message' must be")
  check.raises(function() connect "ws://127.0.0.1:1/\u{f6}" end, "must be percent%-encoded")
end)

check.case("connect with a handler, and a write before it is open", function()
  local srv = listen("ws://127.0.0.1:0", function(ws) ws:write((ws:read())) end)
  local got
  local ws = connect(srv.address, function(ws)
    ws:write "handled"
    got = ws:read()
  end)
  check.match(check.fails("ENOTCONN", ws:write "too early"), "^write ")
  check.eventually(function() return got end)
  check.equal(got, "handled")
  srv:close()
  local answer
  connect("ws://127.0.0.1:1", function(...) answer = { ... } end)
  check.eventually(function() return answer end)
  check.equal(answer[3], "ECONNREFUSED")
end)

check.case("reading may begin before it is open", function()
  local srv = listen("ws://127.0.0.1:0", function(ws) ws:write "first" ws:read() end)
  local ws = connect(srv.address, function() sleep(0.2) end)
  check.same({ ws:read(nil, { timeout = 5 }) }, { "first", "text" })
  ws:close()
  srv:close()
end)

check.case("it comes back after a loss, with its hello as a message", function()
  local hellos = 0
  local srv = listen("ws://127.0.0.1:0", function(ws)
    check.equal(ws:read(), "hi")
    hellos = hellos + 1
    if hellos == 1 then return ws:abort() end
    ws:write "again"
    ws:read()
  end)
  local got
  local ws = connect(srv.address, { reconnect = { delay = 0.01, hello = "hi" } }, function(ws)
    got = ws:read()
  end)
  check.eventually(function() return got == "again" end)
  check.equal(hellos, 2)
  ws:close()
  srv:close()
end)

-- --- closing ------------------------------------------------------------------------------

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

-- --- backpressure, limits, TLS --------------------------------------------------------------

check.case("write waits above high_water, and goes on when the peer reads", function()
  local near, far = pair({ sendbuf = 16384 }, { recvbuf = 16384, unread_limit = 1000 })
  far:set { high_water = 10000, low_water = 1000 }
  local sent = 0
  local writer = spawn(function()
    for _ = 1, 300 do
      far:write(("x"):rep(4000))
      sent = sent + 1
    end
    far:close()
  end)
  check.eventually(function() return far.queued > 10000 end)
  check.equal(sent < 300, true)
  local count = 0
  for message in near:messages() do
    check.equal(#message, 4000)
    count = count + 1
  end
  check.equal(count, 300)
  writer:join()
  check.eventually(function() return far.state == "closed" end)
end)

check.case("a flood of pings of who does not read does not gather answers", function()
  local server
  local srv = listen("ws://127.0.0.1:0", { sendbuf = 4096, high_water = 20000 }, function(ws)
    server = ws
    ws:read()
  end)
  local c = raw_client(srv)
  c:set { high_water = 1 << 26 }
  local flood = frame(0x89, ("p"):rep(125), true):rep(100)
  for _ = 1, 400 do c:write(flood) end
  c:flush { timeout = 5 }
  check.eventually(function() return server.bytes_in > 4000000 end)
  check.equal(server.queued < 30000, true)
  c:close()
  check.eventually(function() return srv.open == 0 end)
  srv:close()
end)

check.case("compressed messages, with every choice of parameters", function()
  for _, compress in ipairs { true, { level = 9, threshold = 0 },
    { server_no_context_takeover = true, client_no_context_takeover = true },
    { server_max_window_bits = 9, client_max_window_bits = 15 } } do
    local near, far = pair({ compress = true }, { compress = compress })
    local text = ("moonwire speaks WebSocket. "):rep(1000)
    for _, message in ipairs { text, "", "short", text, ("x"):rep(300) } do
      near:write(message)
      check.equal(far:read(), message)
      far:write(message, "binary")
      check.same({ near:read() }, { message, "binary" })
    end
    check.equal(near.bytes_out < 10000, true)
    check.equal(far.bytes_out < 10000, true)
    near:close()
    check.equal(far:read(), nil)
  end
end)

check.case("a bomb is refused before it is whole", function()
  local near, far = pair({ compress = true, max_message = 100000 }, { compress = true })
  near:write(("0"):rep(10000000))
  check.fails("EMSGSIZE", far:read())
  check.equal(near:read(), nil)
  check.equal(near.close_code, 1009)
end)

check.case("wss is the same inside TLS", function()
  local srv = listen("wss://127.0.0.1:0/safe", { compress = true }, function(ws)
    for message, kind in ws:messages() do ws:write(message, kind) end
  end)
  check.match(srv.address, "^wss://127%.0%.0%.1:%d+/safe$")
  local ws = assert(connect(srv.address, { tls = { ca = srv.tls.ca }, compress = true }))
  check.equal(ws.tls.verified, true)
  for _, size in ipairs { 5, 100000 } do
    ws:write(("s"):rep(size))
    check.equal(ws:read(), ("s"):rep(size))
  end
  ws:close()
  check.eventually(function() return ws.state == "closed" end)
  check.fails("ETLS", connect(srv.address, { tls = { server_name = "elsewhere.example" } }))
  local other = srv.address:gsub("/safe", "/x")
  check.match(check.fails("EPROTO", connect(other, { tls = { ca = srv.tls.ca } })), "404")
  srv:close()
end)

check.case("over a Unix socket, and again on the same address", function()
  local srv = listen("ws://unix:@moonwire-test-" .. tostring(now()), function(ws) ws:write "one" end)
  local ws = assert(connect(srv.address))
  check.equal(ws:read(), "one")
  check.equal(ws:read(), nil)
  srv:close()
  srv = listen("ws://127.0.0.1:0/a", function(ws) ws:write "one" end)
  listen(srv.address, function(ws) ws:write "two" end)
  ws = assert(connect(srv.address))
  check.equal(ws:read(), "two")
  check.equal(ws:read(), nil)
  srv:close()
end)

check.done()
