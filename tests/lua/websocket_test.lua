--- WebSockets: messages, limits and backpressure; both sides of ours against each other, and against
-- a peer made of bytes.
local check = require "check"
local peer = require "ws_peer"

local pair, frame, raw_client, raw_server, close_bytes, REQUEST =
  peer.pair, peer.frame, peer.raw_client, peer.raw_server, peer.close_bytes, peer.REQUEST

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
