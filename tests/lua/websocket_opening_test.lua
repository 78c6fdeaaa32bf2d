--- How WebSockets open: what is agreed on, what is refused, and what comes back after a loss.
local check = require "check"
local peer = require "ws_peer"

local REQUEST = peer.REQUEST

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
  raises({ headers = { A = "x\0B\0y" } }, "'headers': a text in it has a NUL byte")
  raises({ headers = { ["A\0x\0B"] = "y" } }, "'headers': a text in it has a NUL byte")
  raises({ protocols = { "a\0b" } }, "'protocols': a text in it has a NUL byte")
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

check.done()
