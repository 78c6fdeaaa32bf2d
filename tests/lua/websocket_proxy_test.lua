--- ws.connect: WebSockets through proxies, and without.
local check = require "check"
local child = require "child"
local http_peer = require "http_peer"
local process = require "process"
local ws = require "ws"

local function echo(address, options)
  local srv = check.ok(listen(address, options or {}, function(c)
    for message, kind in c:messages() do c:write(message, kind) end
  end))
  return srv, srv.address:match "//([^/]+)"
end

check.case("without a proxy it is connect", function()
  local srv <close> = echo "ws://127.0.0.1:0/here"
  local c <close> = check.ok(ws.connect(srv.address .. "?x#fragment", { proxy = false, compress = true }))
  c:write "hello"
  check.equal(c:read(), "hello")
  check.fails("EPROTO", ws.connect(srv.address .. "/other", { proxy = false }))
end)

check.case("through a proxy of HTTP, with what the options say", function()
  local srv <close>, host = echo("ws://127.0.0.1:0", { protocols = "chat", compress = true })
  local proxy, seen, server = http_peer.http_proxy()
  local c = check.ok(ws.connect("ws://" .. host .. "/?a=b", { proxy = proxy:gsub("//", "//me:pw@"),
    protocols = "chat", compress = true, nodelay = true, max_message = 1 << 21 }))
  check.equal(seen[1].first, "CONNECT " .. host .. " HTTP/1.1")
  check.equal(seen[1].fields["proxy-authorization"], "Basic bWU6cHc=")
  check.equal(c.protocol, "chat")
  for _, size in ipairs { 0, 5, 70000, 1 << 20 } do
    local writer = spawn(function() c:write(("x"):rep(size)) end)
    check.equal(c:read(nil, { timeout = 10 }), ("x"):rep(size))
    writer:join()
  end
  c:close(4000)
  check.eventually(function() return c.state == "closed" end)
  check.equal(c.close_code, 4000)
  server:close()
end)

check.case("wss goes through in TLS of its own", function()
  local srv <close>, host = echo "wss://127.0.0.1:0"
  local proxy, _, server = http_peer.http_proxy()
  local c <close> = check.ok(ws.connect("wss://" .. host, { proxy = proxy, tls = { insecure = true } }))
  c:write "secret"
  check.equal(c:read(), "secret")
  check.ok(c.tls)
  local other = check.fails("ETLS", ws.connect("wss://" .. host, { proxy = proxy, tls = { pin = ("0"):rep(64) } }))
  check.match(other, "^ws.connect wss://")
  server:close()
end)

check.case("what the proxy, or the server behind it, refuses is told", function()
  local proxy, _, server = http_peer.http_proxy "HTTP/1.1 403 Forbidden\r\n\r\n"
  check.match(check.fails("EACCES", ws.connect("ws://h.example", { proxy = proxy })),
    "^ws.connect ws://h.example/: proxy 127.0.0.1:%d+: CONNECT h.example:80: 403 Forbidden$")
  server:close()
  proxy, _, server = http_peer.http_proxy()
  local page <close> = check.ok(listen("http://127.0.0.1:0", function() return "a page" end))
  check.match(check.fails("EPROTO", ws.connect((page.address:gsub("^http", "ws")), { proxy = proxy })),
    "the server answered 200 OK; no WebSocket$")
  local silent <close> = check.ok(listen("127.0.0.1:0", function(c) c:read "a" end))
  check.match(check.fails("ETIMEDOUT", ws.connect("ws://" .. silent.address, { proxy = proxy, timeout = 1 })),
    "the opening handshake took too long$")
  server:close()
  local gone = check.ok(listen "127.87.0.2:0")  -- at an address that no other test has
  gone:close()
  check.match(check.fails("ECONNREFUSED", ws.connect("ws://h.example", { proxy = gone.address })),
    "^ws.connect ws://h.example/: proxy: connect 127.87.0.2:%d+: Connection refused$")
end)

check.case("misuse raises, and the environment counts", function()
  local function raises(pattern, url, options)
    check.raises(function() local c = ws.connect(url, options) return c end, pattern)
  end
  raises("_test.lua:%d+: ws.connect: url \"ws://a b\"", "ws://a b")
  raises("ws.connect: a URL of ws:// or wss:// expected", "http://h")
  raises("ws.connect: option 'proxy': a proxy is http:// or socks5://", "ws://h", { proxy = "ftp://p" })
  raises("option 'reconnect' is not for proxies", "ws://h", { proxy = "http://127.0.0.1:1", reconnect = { delay = 1 } })
  raises("unknown option 'prxy'", "ws://h", { prxy = "http://127.0.0.1:1" })
  local said = process.run { "sh", "-c", child.command "-e 'print(require(\"ws\").connect(\"ws://h/\"))'",
    env = { http_proxy = "ftp://p" }, clear_env = true, timeout = 20 }
  check.match(said, "^nil\tws.connect: the environment's proxy: a proxy is http:// or socks5://, not ftp://\tEINVAL\n")
end)

check.done()
