--- Connections that leave HTTP by an upgrade: asked for by the client, and passed through by app:proxy
-- and http.reverse_proxy, as WebSockets are.
local check = require "check"
local http = require "http"
local peer = require "http_peer"

local PATIENCE <const> = { timeout = 10 }

local function serve(handler, scheme)
  return check.ok(listen((scheme or "http") .. "://127.0.0.1:0", handler))
end

--- A server that passes all on to `target`.
local function front_of(target, scheme, options)
  local app = http.app()
  app:proxy("/up", target, options)
  return serve(app, scheme)
end

--- A plain connection to a server of HTTP.
local function open(srv) return check.ok(connect((srv.address:gsub("^http://", "")))) end

local SWITCHING <const> = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
local ASKED <const> = "GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"

-- --- through a proxy ------------------------------------------------------------------------

local function echoing(seen)
  local app = http.app()
  app:ws("/base/chat", { protocols = "chat", compress = true }, function(c, req)
    seen.target, seen.from = req.target, req.headers["x-forwarded-for"]
    for message, kind in c:messages() do
      if message == "leave" then return end
      c:write(message, kind)
    end
    seen.code = c.close_code
  end)
  app:ws("/base/own", { origins = "same" }, function(c) c:write "welcome" end)
  app:get("/base/page", function() return "a page" end)
  return app
end

check.case("a WebSocket passes through app:proxy as it is", function()
  local seen = {}
  local behind <close> = serve(echoing(seen))
  local srv <close> = front_of(behind.address .. "/base")
  local url = srv.address:gsub("^http", "ws")
  local c = check.ok(connect(url .. "/up/chat?a=b", { protocols = "chat", compress = true }))
  check.equal(c.protocol, "chat")
  check.same(seen, { target = "/base/chat?a=b", from = "127.0.0.1" })
  for _, size in ipairs { 0, 5, 70000, 1 << 20 } do
    local writer = spawn(function() c:write(("x"):rep(size)) end)
    check.equal(c:read(nil, PATIENCE), ("x"):rep(size))
    writer:join()
  end
  c:close(4000)
  check.eventually(function() return seen.code end)
  check.equal(seen.code, 4000)
  local other = check.ok(connect(url .. "/up/chat"))
  other:write "leave"
  check.equal(other:read(nil, PATIENCE), nil)
  check.equal(other.close_code, 1000)
  check.match(check.fails("EPROTO", connect(url .. "/up/page")), "200 OK")
  check.match(check.fails("EPROTO", connect(url .. "/up/none")), "404 Not Found")
  behind:close()
  http.close_idle()
  check.match(check.fails("EPROTO", connect(url .. "/up/chat")), "502 Bad Gateway")
end)

check.case("inside TLS on either side, and by a reverse proxy", function()
  local behind <close> = serve(echoing {}, "https")
  local srv <close> = front_of(behind.address .. "/base", "https")
  local reverse <close> = check.ok(http.reverse_proxy("127.0.0.1:0", { ["*"] = behind.address }))
  for _, url in ipairs { srv.address .. "/up/chat", reverse.address .. "/base/chat" } do
    local c <close> = check.ok(connect((url:gsub("^http", "ws"))))
    c:write "hello"
    check.equal(c:read(nil, PATIENCE), "hello")
  end
end)

check.case("a server that asks for its own pages sees whose they are, if Host goes on", function()
  local behind <close> = serve(echoing {})
  local function ask(srv, path)
    local headers = { Origin = srv.address }
    return connect(srv.address:gsub("^http", "ws") .. path, { headers = headers })
  end
  local other <close> = front_of(behind.address .. "/base")
  check.match(check.fails("EPROTO", ask(other, "/up/own")), "403 Forbidden")
  local kept <close> = front_of(behind.address .. "/base", "http", { preserve_host = true })
  local reverse <close> = check.ok(http.reverse_proxy("127.0.0.1:0", { ["*"] = behind.address }))
  for path, srv in pairs { ["/up/own"] = kept, ["/base/own"] = reverse } do
    local c <close> = check.ok(ask(srv, path))
    check.equal(c:read(nil, PATIENCE), "welcome")
  end
  check.raises(function() http.app():proxy("/", "h:1", { keep_host = true }) end,
    "_test.lua:%d+: app:proxy: unknown option 'keep_host'")
end)

check.case("bytes beside the heads, and an end of either side, arrive", function()
  local ended
  local behind <close> = check.ok(listen("127.0.0.1:0", function(c)
    local head = c:read_until "\r\n\r\n" .. "\r\n"
    check.match(head, "^GET /x HTTP/1.1\r\n")
    check.match(head, "\r\nConnection: Upgrade\r\n")
    check.match(head, "\r\nUpgrade: websocket\r\n")
    c:write(SWITCHING, "first\n")
    for line in c:lines() do
      if line == "break" then return c:abort() end
      c:write("got ", line, "\n")
    end
    c:write "last\n"
    ended = true
  end))
  local srv <close> = front_of(behind.address)
  local function ask(...)
    local c = open(srv)
    c:write(ASKED, ...)
    local head = c:read_until("\r\n\r\n", PATIENCE) .. "\r\n"
    check.match(head, "^HTTP/1.1 101 ")
    check.match(head, "\r\nConnection: Upgrade\r\n")
    check.match(head, "\r\nUpgrade: websocket\r\n")
    check.equal(c:read("l", PATIENCE), "first")
    return c
  end
  local c = ask "early\n"
  check.equal(c:read("l", PATIENCE), "got early")
  c:shutdown()
  check.equal(c:read("a", PATIENCE), "last\n")
  ended = nil
  ask():close()
  check.eventually(function() return ended end)
  c = ask "break\n"
  check.equal((c:read("a", PATIENCE)) or "", "")
  srv:close()
  check.eventually(function() return behind.open == 0 end)
end)

check.case("a request that is no upgrade to a WebSocket asks for none behind the proxy", function()
  local behind <close> = serve(function(req) return req.headers.upgrade or "nothing" end)
  local srv <close> = front_of(behind.address)
  for _, request in ipairs {
    "GET /up/x HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n",
    "GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "POST /up/x HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx",
  } do
    local c <close> = open(srv)
    c:write(request)
    c:shutdown()
    check.match(c:read("a", PATIENCE), "^HTTP/1.%d 200 .*\r\n\r\nnothing$", request)
  end
  http.close_idle()
end)

-- --- asked for by the client ----------------------------------------------------------------

check.case("http.request asks for an upgrade, and hands the connection over", function()
  local server = peer.script { function(c)
    c:write(SWITCHING, "first ")
    c:finish(c:read "l")
  end, peer.ok "no" }
  local response = check.ok(http.request { url = server.url, upgrade = "websocket" })
  check.equal(response.status, 101)
  check.equal(response.headers.upgrade, "websocket")
  response.connection:write "second\n"
  check.equal(response.connection:read("a", PATIENCE), "first second")
  check.equal(server.seen[1].fields.connection, "Upgrade")
  check.equal(server.seen[1].fields.upgrade, "websocket")
  response = check.ok(http.request { url = server.url, upgrade = "websocket" })
  check.same({ response.status, response.body, response.connection }, { 200, "no" })
  server.close()
end)

check.case("a response that is closed closes the connection", function()
  local over
  local server = peer.script { function(c)
    c:write(SWITCHING)
    over = c:read "a"
  end }
  do local response <close> = check.ok(http.request { url = server.url, upgrade = "websocket" }) end
  check.eventually(function() return over end)
  server.close()
end)

check.case("a proxy of HTTP is asked for a tunnel then", function()
  local server = peer.script { function(c) c:write(SWITCHING) c:finish "hello" end }
  local proxy, seen, listener = peer.http_proxy()
  local response = check.ok(http.request { url = server.url, upgrade = "websocket", proxy = proxy })
  check.equal(response.connection:read("a", PATIENCE), "hello")
  check.match(seen[1].first, "^CONNECT 127.0.0.1:%d+ ")
  listener:close()
  server.close()
end)

check.case("misuse raises", function()
  local function raises(options, pattern)
    check.raises(function() return (http.get("http://127.0.0.1:1", options)) end, pattern)
  end
  raises({ upgrade = "a\r\nb" }, "option 'upgrade' has a line's end")
  raises({ headers = { Upgrade = "a" } }, "Upgrade is not to be set")
end)

check.done()
