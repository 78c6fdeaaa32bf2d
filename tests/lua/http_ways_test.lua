--- The client of module http on its way: redirections, users, TLS, proxies, cookies on requests.
local check = require "check"
local child = require "child"
local http = require "http"
local peer = require "http_peer"
local process = require "process"

local ok, read_head, redirect, script, serve =
  peer.ok, peer.read_head, peer.redirect, peer.script, peer.serve

--- Where nobody listens: an address of this test's own, since another test may get the port.
local closed
do
  local server <close> = check.ok(listen "127.87.0.1:0")
  closed = server.address
end

-- --- redirections ---------------------------------------------------------------------------

check.case("redirections are followed, on one connection; the last URL is told", function()
  local server = script { redirect(302, "/b?x"), redirect(301, "c#f"), ok "there" }
  local response = check.ok(http.get(server.url .. "/a"))
  check.equal(response.body, "there")
  check.equal(response.url, server.url .. "/c#f")
  check.equal(server.seen[2].first, "GET /b?x HTTP/1.1")
  check.equal(server.seen[3].first, "GET /c HTTP/1.1")
  check.equal(server.connections, 1)
  server.close()
end)

check.case("methods and bodies change as in browsers", function()
  local function after(status, method)
    local server = script { redirect(status, "/next"), ok "" }
    check.ok(http.request { url = server.url, method = method, body = method ~= "HEAD" and "data" or nil,
      headers = { ["Content-Type"] = "text/x", ["X-Mine"] = "1" } })
    local next_one = server.seen[2]
    check.equal(next_one.fields["x-mine"], "1")
    server.close()
    return ("%s %s %s"):format(next_one.first:match "^%u+", next_one.body, next_one.fields["content-type"])
  end
  check.equal(after(301, "POST"), "GET  nil")
  check.equal(after(302, "POST"), "GET  nil")
  check.equal(after(303, "POST"), "GET  nil")
  check.equal(after(303, "PUT"), "GET  nil")
  check.equal(after(307, "POST"), "POST data text/x")
  check.equal(after(308, "POST"), "POST data text/x")
  check.equal(after(302, "PUT"), "PUT data text/x")
  check.equal(after(303, "HEAD"), "HEAD  text/x")
end)

check.case("credentials stay with their origin", function()
  local stranger = script { ok "" }
  local server = script { redirect(302, "/same"), redirect(302, stranger.url .. "/other"), ok "" }
  local secrets = { Authorization = "Bearer x", Cookie = "a=1", ["Proxy-Authorization"] = "y" }
  check.ok(http.get(server.url, { headers = secrets }))
  for _, name in ipairs { "authorization", "cookie", "proxy-authorization" } do
    check.ok(server.seen[2].fields[name], name)
    check.equal(stranger.seen[1].fields[name], nil, name)
  end
  server.close()
  server = script { redirect(302, stranger.url), ok "" }
  check.ok(http.get(server.url, { auth = "ann:pw" }))
  check.equal(server.seen[1].fields.authorization, "Basic YW5uOnB3")
  check.equal(stranger.seen[2].fields.authorization, nil)
  stranger.close()
  server.close()
end)

check.case("redirections end, and may be refused", function()
  local server = script { redirect(302, "/again") }
  check.equal(check.fails("ELOOP", http.get(server.url)),
    "http.get " .. server.url .. "/again: more than 10 redirections")
  check.equal(#server.seen, 11)
  check.fails("more than 2 redirections", http.get(server.url, { redirects = 2 }))
  for _, none in ipairs { 0, false } do
    local response = check.ok(http.get(server.url, { redirects = none }))
    check.equal(response.status, 302)
    check.equal(response.body, "gone")
  end
  server.close()
end)

check.case("redirections to nowhere are told", function()
  for location, pattern in pairs {
    ["ftp://h/"] = "redirected to ftp://h, which is neither http nor https",
    ["/a b"] = "redirected: url \"/a b\": a blank in it",
    ["http://" .. closed .. "/"] = "^http.get http://" .. closed .. "/: connect " .. closed .. ": Connection refused",
  } do
    local server = script { redirect(302, location) }
    check.fails(pattern, http.get(server.url))
    server.close()
  end
  local server = script { redirect(307, "/next") }
  check.fails("its body is gone: it came from a function",
    http.post(server.url, function() return nil end, { expect = false }))
  server.close()
  server = script { "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n" }
  check.equal(check.ok(http.get(server.url)).status, 302)
  server.close()
end)

-- --- users ----------------------------------------------------------------------------------

check.case("the user of a URL is authenticated, and not shown", function()
  local server = script { ok "" }
  local address = server.server.address
  check.equal(check.ok(http.get("http://a%3Ab:p%40w@" .. address .. "/x")).status, 200)
  check.equal(server.seen[1].fields.authorization, "Basic YTpiOnBAdw==")
  check.ok(http.get("http://u@" .. address, { headers = { authorization = "own" } }))
  check.equal(server.seen[2].fields.authorization, "own")
  server.close()
  check.equal(check.fails("ECONNREFUSED", http.get("http://ann:secret@" .. closed)),
    "http.get http://" .. closed .. "/: connect " .. closed .. ": Connection refused")
end)

-- --- TLS ------------------------------------------------------------------------------------

check.case("https is verified, and its options are those of connect", function()
  local server = script({ ok "secret" }, {}, "https")
  local url = server.url
  check.equal(check.ok(http.get(url)).body, "secret")  -- of the same process: trusted
  check.equal(check.ok(http.get(url)).body, "secret")
  check.equal(server.connections, 1)
  check.equal(check.ok(http.get(url, { tls = { pin = server.server.tls.pin } })).body, "secret")
  check.equal(server.connections, 2, "other rules, another connection")
  check.fails("ETLS", http.get(url, { tls = { pin = ("0"):rep(64) } }))
  check.fails("ETLS", http.get(url, { tls = { server_name = "elsewhere.example" } }))
  check.fails("ETLS", http.get((url:gsub("https", "http", 1):gsub("http", "https", 1)),
    { tls = { alpn = "h2", ca = server.server.tls.ca, server_name = "wrong.example" } }))
  server.close()
  server = script { ok "plain" }
  check.fails("ETLS", http.get((server.url:gsub("http", "https"))))
  server.close()
end)

check.case("a body up to the end inside TLS is whole only if its end is said", function()
  local url, server = serve(function(c)
    read_head(c)
    c:write "HTTP/1.1 200 OK\r\n\r\nsome"
    c:flush()
    c:abort()
  end, {}, "https")
  check.fails("reading the body: ", http.get(url))
  server:close()
end)

-- --- proxies --------------------------------------------------------------------------------

check.case("a proxy of HTTP is asked for http, and for a tunnel to https", function()
  local plain, secure = script { ok "plain" }, script({ ok "secure" }, {}, "https")
  local proxy, seen, server = peer.http_proxy()
  local with_user = proxy:gsub("//", "//me:pw@")
  check.equal(check.ok(http.get(plain.url .. "/p?q", { proxy = with_user })).body, "plain")
  check.equal(seen[1].first, "GET " .. plain.url .. "/p?q HTTP/1.1")
  check.equal(seen[1].fields["proxy-authorization"], "Basic bWU6cHc=")
  check.equal(check.ok(http.get(secure.url, { proxy = with_user })).body, "secure")
  local address = secure.url:gsub("https://", "")
  check.equal(seen[2].first, "CONNECT " .. address .. " HTTP/1.1")
  check.equal(seen[2].fields["proxy-authorization"], "Basic bWU6cHc=")
  check.equal(seen[2].fields.authorization, nil)
  check.equal(check.ok(http.get(secure.url, { proxy = with_user })).body, "secure")
  check.equal(#seen, 2, "the tunnel is used again")
  check.equal(check.ok(http.get(secure.url, { proxy = proxy })).body, "secure")
  check.equal(#seen, 3, "but not by who has no user")
  check.equal(check.ok(http.get(secure.url, { proxy = false })).body, "secure")
  check.equal(#seen, 3)
  check.fails("ETLS", http.get(secure.url, { proxy = proxy, tls = { server_name = "other.example" } }))
  plain.close()
  secure.close()
  server:close()
end)

check.case("what a proxy refuses is told, and who refuses", function()
  local answers = {
    { "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "EACCES",
      "CONNECT h.example:443: 407 Proxy Authentication Required" },
    { "HTTP/1.1 502 Bad Gateway\r\n\r\nno such host", "EHOSTUNREACH",
      "CONNECT h.example:443: 502 Bad Gateway" },
    { "HTTP/1.1 200 OK\r\n\r\nearly bytes", "EPROTO", "CONNECT h.example:443: bytes behind the answer" },
    { "", "EOF", "the connection ended without an answer" },
    { "\5\255", "EPROTO", "the answer is no HTTP: " },
  }
  for _, each in ipairs(answers) do
    local proxy, _, server = peer.http_proxy(each[1])
    local message = check.fails(each[2], http.get("https://h.example/", { proxy = proxy }))
    local want = ("http.get https://h.example/: proxy %s: %s"):format(proxy:gsub("http://", ""), each[3])
    check.equal(message:sub(1, #want), want)
    server:close()
  end
  check.fails("proxy: connect " .. closed .. ": Connection refused",
    http.get("https://h.example/", { proxy = closed }))
end)

--- A SOCKS 5 proxy, one request a connection: `say` is called with the connection, after the name
-- and port that are asked for have been read.
local function socks_proxy(user, say)
  local asked = {}
  local url, server = serve(function(c)
    local methods = c:read(c:read(2):byte(2))
    if user then
      c:write "\5\2"
      if not c:read(1) then return end
      local name = c:read(c:read(1):byte())
      local password = c:read(c:read(1):byte())
      local good = name .. ":" .. password == user
      c:write("\1", good and "\0" or "\1")
      if not good then return end
    else
      c:write "\5\0"
    end
    local name = c:read(c:read(5):byte(5))
    local port = (">I2"):unpack(c:read(2))
    asked[#asked + 1] = ("%s %s:%d"):format(methods:gsub(".", function(m) return m:byte() end), name, port)
    if say then return say(c) end
    local onward <close> = check.ok(connect(name .. ":" .. port))
    c:write "\5\0\0\3\4name\0\80"
    local back = spawn(function() onward:pipe(c) end)
    c:pipe(onward)
    back:join()
  end)
  return url:gsub("^http", "socks5"), asked, server
end

check.case("a proxy of SOCKS gets the name, for http and https, with a user or not", function()
  local plain, secure = script { ok "plain" }, script({ ok "secure" }, {}, "https")
  local proxy, asked, server = socks_proxy()
  check.equal(check.ok(http.get(plain.url, { proxy = proxy })).body, "plain")
  check.equal(check.ok(http.get(plain.url, { proxy = proxy })).body, "plain")
  check.equal(check.ok(http.get(secure.url, { proxy = (proxy:gsub("socks5", "socks5h")) })).body, "secure")
  check.same(asked, { "0 " .. plain.url:gsub("http://", ""), "0 " .. secure.url:gsub("https://", "") })
  server:close()
  proxy, asked, server = socks_proxy "ann:p@w"
  local named = proxy:gsub("//", "//ann:p%%40w@")
  check.equal(check.ok(http.get(plain.url, { proxy = named })).body, "plain")
  check.same(asked, { "02 " .. plain.url:gsub("http://", "") })
  check.fails("it refuses the user's password",
    http.get(plain.url, { proxy = (proxy:gsub("//", "//ann:no@")) }))
  check.fails("it wants an authentication that we have not got", http.get(plain.url, { proxy = proxy }))
  plain.close()
  secure.close()
  server:close()
end)

check.case("what a proxy of SOCKS refuses is told", function()
  for answer, want in pairs {
    ["\5\5\0\1\0\0\0\0\0\0"] = { "ECONNREFUSED", "h.example:80: connection refused" },
    ["\5\2\0\1\0\0\0\0\0\0"] = { "EACCES", "h.example:80: not allowed by its rules" },
    ["\5\99\0\1\0\0\0\0\0\0"] = { "EPROTO", "answer 99" },
    ["\5\0\0\7\0\0\0\0\0\0"] = { "EPROTO", "it answers with an address of unknown kind" },
    ["HTTP/1.0 400"] = { "EPROTO", "it does not speak SOCKS 5" },
    ["\5\0"] = { "EOF", "" },
  } do
    local proxy, _, server = socks_proxy(nil, function(c) c:finish(answer) end)
    local message = check.fails(want[1], http.get("http://h.example/", { proxy = proxy }))
    check.ok(message:find("proxy " .. proxy:gsub("socks5://", "") .. ": ", 1, true), message)
    check.ok(message:find(want[2], 1, true), message)
    server:close()
  end
end)

check.case("the environment names proxies, and who needs none", function()
  local path = os.tmpname()
  do
    local file <close> = check.ok(io.open(path, "w"))
    file:write [[
      local http, proxy = require "http", require "http.proxy"
      for url in os.getenv "urls":gmatch "%S+" do
        local chosen = proxy.choose(http.url(url))
        io.write(chosen and chosen.address:match "%d+$" or "-", " ")
      end
    ]]
  end
  local function ways(env, urls)
    env.urls = urls or "http://a.example/ https://a.example/ http://in.b.example/ "
      .. "http://b.example:8080/ http://[::1]/ http://10.0.0.1/"
    return (process.run { "sh", "-c", child.command(path), env = env, clear_env = true, timeout = 20 })
  end
  local proxy = "http://proxy.example:81"
  check.equal(ways { http_proxy = proxy, https_proxy = "secure.example:82", no_proxy = "b.example:8080,::1" },
    "81 82 81 - - 81 ")
  check.equal(ways { http_proxy = proxy, all_proxy = "socks5://s.example", NO_PROXY = " .b.example [::1] 10.0.0.1" },
    "81 1080 - - - - ")
  check.equal(ways { ALL_PROXY = proxy }, "81 81 81 81 81 81 ")
  check.equal(ways { HTTPS_PROXY = proxy, no_proxy = "example" }, "- - - - - - ")
  check.equal(ways { HTTP_PROXY = proxy, http_proxy = "", no_proxy = "" }, "- - - - - - ")
  check.equal(ways { all_proxy = proxy, no_proxy = "*" }, "- - - - - - ")
  check.equal(ways { http_proxy = "http://u:p@h:82/path", https_proxy = "http://h/x:83" }, "82 1080 82 82 82 82 ")
  local function exempt(element, urls) return ways({ all_proxy = proxy, no_proxy = element }, urls) end
  local hosts = "http://10.1.2.3/ http://11.1.2.3/ http://[fe80::1]/ http://[fec0::1]/ http://ten.10.1.2.3x/"
  check.equal(exempt("10.0.0.0/8", hosts), "- 81 81 81 81 ")
  check.equal(exempt("10.1.2.3,fe80::/10", hosts), "- 81 - 81 81 ")
  check.equal(exempt("10.1.2.2/31 [fe80::]/10", hosts), "- 81 - 81 81 ")
  check.equal(exempt("8.0.0.0/6 FEC0:0::1", hosts), "- - 81 - 81 ")
  check.equal(exempt("0.0.0.0/0,::/0", hosts), "- - - - 81 ")
  check.equal(exempt("10.0.0.0/33 10.0.0.0/x 10.0.0.0/ .2.3 1.2.3 [fe80::]/129", hosts), "81 81 81 81 81 ")
  local names = "http://a.example/ http://a.example.:81/ http://ba.example/ https://[::1]/ https://[::1]:444/"
  check.equal(exempt(".a.example.", names), "- - 81 81 81 ")
  check.equal(exempt("a.example:81 [::1]:443", names), "81 - 81 - 81 ")
  check.equal(exempt(". .. :81", names), "81 81 81 81 81 ")
  os.remove(path)
  local said = process.run { "sh", "-c", child.command "-e 'print(require(\"http\").get(\"http://h/\"))'",
    env = { http_proxy = "ftp://p" }, clear_env = true, timeout = 20 }
  check.equal(said, "nil\thttp.get http://h/: the environment's proxy: a proxy is http:// or socks5://, "
    .. "not ftp://\tEINVAL\n")
end)

-- --- cookies --------------------------------------------------------------------------------

check.case("a jar keeps cookies from one request to the next, redirections included", function()
  local jar = http.jar()
  local server = script {
    function() return (redirect(302, "/in"):gsub("\r\nLocation", "\r\nSet-Cookie: id=1; Path=/\r\nLocation")) end,
    ok("", "Set-Cookie: deep=2; Path=/in\r\nSet-Cookie: gone=3; Max-Age=0\r\n"),
    ok "",
  }
  check.ok(http.get(server.url, { cookies = jar }))
  check.equal(server.seen[1].fields.cookie, nil)
  check.equal(server.seen[2].fields.cookie, "id=1")
  check.ok(http.get(server.url .. "/in/side", { cookies = jar }))
  check.equal(server.seen[3].fields.cookie, "deep=2; id=1")
  check.ok(http.get(server.url .. "/other", { cookies = jar }))
  check.equal(server.seen[4].fields.cookie, "id=1")
  check.ok(http.get(server.url .. "/other"))
  check.equal(server.seen[5].fields.cookie, nil, "without the jar")
  server.close()
end)

check.done()
