--- The server of HTTP: what is let in, what goes out, and that the two never get out of step.
-- Spoken to in bytes, so that each test says exactly what is sent.
local check = require "check"

--- A listener for `handler`, closed with the case.
local function serve(handler, options)
  return check.ok(listen("http://127.0.0.1:0", options or {}, handler))
end

local function open(srv) return check.ok(connect((srv.address:gsub("^http://", "")))) end

--- All that comes back for these bytes, up to the server's end.
local function exchange(srv, bytes)
  local c <close> = open(srv)
  c:write(bytes)
  c:shutdown()
  return check.ok(c:read("a", { timeout = 5 }))
end

--- One answer of a connection that stays: status, fields, body.
local function answer(c)
  local head = check.ok(c:read_until("\r\n\r\n", { timeout = 5 }))
  local status = math.tointeger(tonumber(head:match "^HTTP/1%.%d (%d+)"))
  local length = head:match "Content%-Length: (%d+)"
  if not head:find "chunked" then
    length = tonumber(length)
    return status, head, length and length > 0 and c:read(math.tointeger(length)) or ""
  end
  local pieces = {}
  while true do
    local size = tonumber(check.ok(c:read "l"), 16)
    pieces[#pieces + 1] = check.ok(c:read(size))
    check.equal(c:read(2), "\r\n")
    if size == 0 then return status, head, table.concat(pieces) end
  end
end

local function get(path, more)
  return ("GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n"):format(path, more or "")
end

local function post(path, body, more)
  return ("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%s\r\n%s")
    :format(path, #body, more or "", body)
end

check.case("a handler answers by what it returns", function()
  local returned = {
    ["/text"] = function() return "hello" end,
    ["/empty"] = function() return "" end,
    ["/table"] = function() return { 1, 2 } end,
    ["/status"] = function() return 404, "gone" end,
    ["/both"] = function() return 201, { id = 1 }, { Location = "/1" } end,
    ["/nothing"] = function() end,
    ["/only"] = function() return 403 end,
  }
  local srv <close> = serve(function(req) return returned[req.path]() end)
  local c <close> = open(srv)
  local function ask(path)
    c:write(get(path))
    local status, head, body = answer(c)
    return status, body, head
  end
  local status, body, head = ask "/text"
  check.same({ status, body }, { 200, "hello" })
  status, body = ask "/empty"
  check.same({ status, body }, { 200, "" })
  status, body, head = ask "/table"
  check.same({ status, body }, { 200, "[1,2]" })
  check.match(head, "Content%-Type: application/json")
  status, body = ask "/status"
  check.same({ status, body }, { 404, "gone" })
  status, body, head = ask "/both"
  check.same({ status, body }, { 201, '{"id":1}' })
  check.match(head, "Location: /1")
  status, body, head = ask "/nothing"
  check.equal(status, 204)
  check.ok(not head:find "Content%-Length", "a 204 has no length")
  check.equal(ask "/only", 403)
  check.match(head, "Date: %a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT")
end)

check.case("a request tells what was asked", function()
  local seen
  local srv <close> = serve(function(req) seen = req return "" end)
  exchange(srv, "PUT /a%20b/c?x=1&y=a+b%26&x=2 HTTP/1.1\r\nHost: example.org:80\r\n"
    .. "X-One: 1\r\nx-one: 2\r\nCookie: a=b; c=\"d\"\r\nContent-Length: 0\r\n\r\n")
  check.same({ seen.method, seen.target, seen.version, seen.path, seen.host },
    { "PUT", "/a%20b/c?x=1&y=a+b%26&x=2", "HTTP/1.1", "/a b/c", "example.org:80" })
  check.same({ seen.query.x, seen.query.y, #seen.query }, { "2", "a b&", 3 })
  check.equal(seen.headers["X-One"], "1, 2")
  check.equal(seen.headers["x-one"], "1, 2")
  check.same({ seen.cookies.a, seen.cookies.c }, { "b", "d" })
  check.match(seen.peer, "^127%.0%.0%.1:%d+$")
  check.equal(seen.nothing, nil)
  check.equal(inspect(seen), "request (PUT /a%20b/c?x=1&y=a+b%26&x=2)")
end)

check.case("requests that come together are answered in order", function()
  local srv <close> = serve(function(req)
    if req.path == "/1" then sleep(0.02) end
    return req.path
  end)
  local c <close> = open(srv)
  c:write(get "/1", get "/2", get "/3", get "/4")
  for i = 1, 4 do
    local _, _, body = answer(c)
    check.equal(body, "/" .. i)
  end
end)

check.case("a body that nobody reads is no request", function()
  local srv <close> = serve(function(req) return req.path end)
  local c <close> = open(srv)
  c:write(post("/1", get "/evil"), get "/2")
  local chunked = "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
  c:write(chunked, ("%x\r\n%s\r\n0\r\n\r\n"):format(#get "/evil", get "/evil"), get "/4")
  for i = 1, 4 do
    local _, _, body = answer(c)
    check.equal(body, "/" .. i)
  end
end)

check.case("a connection ends when either side wants it", function()
  local srv <close> = serve(function(req, res)
    if req.path == "/close" then res.headers.Connection = "close" end
    return "x"
  end)
  check.equal(select(2, exchange(srv, get("/", "Connection: close\r\n") .. get "/"):gsub("HTTP/1", "")), 1)
  check.equal(select(2, exchange(srv, get "/close" .. get "/"):gsub("HTTP/1", "")), 1)
  check.equal(select(2, exchange(srv, get "/" .. get "/"):gsub("HTTP/1", "")), 2)
  local old = exchange(srv, "GET / HTTP/1.0\r\n\r\n" .. get "/")
  check.match(old, "^HTTP/1%.0 200 OK\r\n")
  check.equal(select(2, old:gsub("HTTP/1", "")), 1)
  local kept = exchange(srv, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n")
  check.match(kept, "Connection: keep%-alive\r\n")
  check.equal(select(2, kept:gsub("HTTP/1", "")), 2)
end)

check.case("HEAD gets the head alone", function()
  local srv <close> = serve(function(req, res)
    if req.path == "/stream" then res:write("abc") return end
    return "hello"
  end)
  local whole = exchange(srv, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
  check.match(whole, "Content%-Length: 5\r\n\r\n$")
  check.match(exchange(srv, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n"), "\r\n\r\n$")
end)

check.case("an answer in pieces is chunked, or as long as it says, or until the end", function()
  local srv <close> = serve(function(req, res)
    if req.path == "/length" then res.headers["Content-Length"] = 6 end
    res:write("abc")
    sleep(0.005)
    res:write("", "de", "f")
    if req.path == "/trailers" then res:finish(nil, { ["X-Sum"] = "7" }) end
  end)
  check.match(exchange(srv, get "/"), "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n$")
  check.match(exchange(srv, get "/length"), "Content%-Length: 6\r\n\r\nabcdef$")
  check.match(exchange(srv, "GET / HTTP/1.0\r\n\r\n"), "Connection: close\r\n\r\nabcdef$")
  check.match(exchange(srv, get "/trailers"), "0\r\nX%-Sum: 7\r\n\r\n$")
end)

check.case("bodies come whole, in pieces, in chunks", function()
  local srv <close> = serve(function(req)
    if req.path == "/whole" then return req:text() end
    local size, pieces = 0, 0
    for piece in req:body() do size, pieces = size + #piece, pieces + 1 end
    return ("%d %s"):format(size, req:trailers().sum or "")
  end)
  check.match(exchange(srv, post("/whole", "hello")), "\r\n\r\nhello$")
  check.match(exchange(srv, post("/", ("x"):rep(300000))), "\r\n\r\n300000 $")
  local head = "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
  local chunks = "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nSum: 5\r\n\r\n"
  check.match(exchange(srv, head:format "/whole" .. chunks), "\r\n\r\nabcde$")
  check.match(exchange(srv, head:format "/" .. chunks), "\r\n\r\n5 5$")
end)

check.case("100 is said when the body is asked for, and not before", function()
  local srv <close> = serve(function(req)
    if req.path == "/no" then return 403, "no" end
    return req:text()
  end)
  local c <close> = open(srv)
  local head = "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
  c:write(head:format "/")
  check.equal(c:read_until("\r\n\r\n", { timeout = 5 }), "HTTP/1.1 100 Continue")
  c:write("hello")
  local _, _, body = answer(c)
  check.equal(body, "hello")
  c:write(head:format "/no")
  local status, fields = answer(c)
  check.equal(status, 403)
  check.match(fields, "Connection: close")
  check.equal(c:read(nil, { timeout = 5 }), nil)
end)

check.case("what is too long is refused", function()
  local srv <close> = serve(function(req)
    local text, message, code = req:text()
    if not text then return 413, code .. "\n" end
    return text
  end, { http = { max_body = 10, max_head = 200, max_target = 20, max_fields = 3 } })
  check.match(exchange(srv, get("/" .. ("x"):rep(20))), "^HTTP/1.1 414 ")
  check.match(exchange(srv, get("/", "A: " .. ("x"):rep(200) .. "\r\n")), "^HTTP/1.1 431 ")
  check.match(exchange(srv, get("/", ("A: b\r\n"):rep(3))), "^HTTP/1.1 431 ")
  check.match(exchange(srv, post("/", ("x"):rep(10))), "^HTTP/1.1 200 ")
  local long = exchange(srv, post("/", ("x"):rep(11)))
  check.match(long, "^HTTP/1.1 413 ")
  check.match(long, "Connection: close")
  check.match(long, "EMSGSIZE\n$")
  local head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
  check.match(exchange(srv, head .. "b\r\nhello world\r\n0\r\n\r\n"), "^HTTP/1.1 413 ")
end)

check.case("what is ambiguous is refused, and ends the connection", function()
  local calls = 0
  local srv <close> = serve(function(req)
    for _ in req:body() do end
    calls = calls + 1
    return ""
  end)
  for _, bytes in ipairs {
    "\x16\x03\x01\x02\x00", "GET /\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n", get "/ x",
    "GET / HTTP/1.1\r\n\r\n", get("/", "Host: b\r\n"), get("/", "A : b\r\n"),
    get("/", "A: b\r\n c\r\n"), get("/", "A: b\rc\r\n"), get("/", "A: b\0c\r\n"),
    get("/", "Content-Length: +1\r\n"), get("/", "Content-Length: 1, 1\r\n"),
    get("/", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), "\r\n\r\n\r\n" .. get "/",
  } do
    check.match(exchange(srv, bytes .. get "/next"), "^HTTP/1.1 400 .*\r\nConnection: close\r\n")
  end
  check.match(exchange(srv, get("/", "Transfer-Encoding: gzip, chunked\r\n")), "^HTTP/1.1 501 ")
  check.match(exchange(srv, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"), "^HTTP/1.1 505 ")
  check.match(exchange(srv, get("/", "Expect: x\r\n")), "^HTTP/1.1 417 ")
  check.equal(calls, 0)
end)

--- Runs `fn` with what is printed on stderr kept: failures of handlers are told there.
local function failing(handler, bytes)
  local srv <close> = serve(handler)
  return exchange(srv, bytes or get "/")
end

check.case("a handler that fails costs its connection, with a 500 if nothing was sent", function()
  check.match(failing(function() error "as it should" end), "^HTTP/1.1 500 .*Connection: close\r\n")
  local begun = failing(function(_, res) res:write("abc") error "as it should" end)
  check.match(begun, "\r\n\r\n3\r\nabc\r\n$")
  check.match(failing(function() return 1.5 end), "^HTTP/1.1 500 ")
  check.match(failing(function() return print end), "^HTTP/1.1 500 ")
end)

check.case("a body of another length than promised ends the connection", function()
  local function promise(length, ...)
    local pieces = { ... }
    return failing(function(_, res)
      res.headers["Content-Length"] = length
      for _, piece in ipairs(pieces) do res:write(piece) end
    end, get "/" .. get "/")
  end
  check.match(promise(5, "abc"), "^HTTP/1.1 200 .*\r\n\r\nabc$")
  check.match(promise(5, "abc", "def"), "^HTTP/1.1 200 .*\r\n\r\nabc$")
  check.match(failing(function(_, res) res.headers["Content-Length"] = 2 return "abc" end),
    "^HTTP/1.1 500 ")
  check.match(failing(function(_, res) res.status = 204 return "abc" end), "^HTTP/1.1 500 ")
end)

check.case("nothing that a script says breaks the head", function()
  for name, value in pairs {
    ["X"] = "a\r\nSet-Cookie: b", ["X\r\nY"] = "a", ["X Y"] = "a", ["X:"] = "a", [""] = "a",
    ["Y"] = "a\nb", ["Z"] = "a\0b", ["Transfer-Encoding"] = "chunked", ["Content-Length"] = "x",
  } do
    check.match(failing(function(_, res) res.headers[name] = value return "x" end),
      "^HTTP/1.1 500 ", ("%q"):format(name))
  end
  check.match(failing(function(_, res) res.status = 20 return "x" end), "^HTTP/1.1 500 ")
  check.match(failing(function(_, res) res:redirect("/\r\nX: y") end), "^HTTP/1.1 500 ")
  check.match(failing(function(_, res) res:cookie("a", "b; c") return "x" end), "^HTTP/1.1 500 ")
  check.match(failing(function(_, res) res:finish("x", { ["A\n"] = "b" }) end), "^HTTP/1.1 ")
end)

check.case("an answer that is kept has no part in the next", function()
  local kept, message
  local srv <close> = serve(function(req, res)
    if kept then
      local _, text = pcall(kept.write, kept, "evil")
      message = text
      check.ok(not pcall(kept.request_body or kept.finish, kept))
    end
    kept = kept or res
    return req.path
  end)
  check.match(exchange(srv, get "/1" .. get "/2"), "/1HTTP/1.1 200 OK.*\r\n\r\n/2$")
  check.match(message, "res:write: the request has been answered")
end)

check.case("a head that comes slowly is answered with 408, an idle connection is closed", function()
  local srv <close> = serve(function() return "x" end,
    { http = { header_timeout = 0.05, idle_timeout = 0.2 } })
  local slow <close> = open(srv)
  slow:write("GET / HT")
  check.match(slow:read("a", { timeout = 5 }), "^HTTP/1.1 408 ")
  local idle <close> = open(srv)
  local began = now()
  check.equal(idle:read("a", { timeout = 5 }), "")
  check.ok(now() - began > 0.19, "not before its time")
  local kept <close> = open(srv)
  kept:write(get "/")
  check.equal(answer(kept), 200)
  check.equal(kept:read("a", { timeout = 5 }), "")
end)

check.case("a body that comes slowly is answered with 408, however often a byte comes", function()
  local failed, read
  local srv <close> = serve(function(req)
    if req.path == "/text" then
      local text, _, code = req:text()
      failed = code
      return text or "late"
    end
    local size = 0
    for piece in req:body() do size = size + #piece end
    read = size
    return "x"
  end, { http = { body_timeout = 0.2, body_rate = 1e6 } })
  for path, framing in pairs { ["/text"] = "Content-Length: 100000", ["/"] = "Content-Length: 100000",
    ["/chunks"] = "Transfer-Encoding: chunked" } do
    local slow <close> = open(srv)
    local piece = path == "/chunks" and "1\r\nx\r\n" or "x"
    slow:write(("POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n"):format(path, framing))
    local drip = timeout(0.01, function() return slow:write(piece) end)
    local answered = slow:read("a", { timeout = 10 })
    drip:delete()
    check.match(answered, path == "/text" and "^HTTP/1.1 200 .*Connection: close\r\n.*late$" or "^HTTP/1.1 408 ")
  end
  check.equal(failed, "ETIMEDOUT")
  check.equal(read, nil)
end)

check.case("a body that moves, or whose handler is slow, has its time", function()
  local srv <close> = serve(function(req)
    local size = 0
    for piece in req:body() do
      size = size + #piece
      sleep(0.03)  -- longer than body_timeout in all
    end
    return tostring(size)
  end, { http = { body_timeout = 0.1, body_rate = 10 }, read_size = 4096 })
  local quick <close> = open(srv)
  quick:write(post("/", ("x"):rep(50000)))
  check.equal(select(3, answer(quick)), "50000")
  local fair <close> = open(srv)
  fair:write "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n"
  for _ = 1, 6 do
    fair:write(("x"):rep(10))
    sleep(0.05)  -- each piece has bought a second
  end
  check.equal(select(3, answer(fair)), "60")
end)

check.case("a body is not whole because its connection was closed here", function()
  local results = {}
  local srv <close> = serve(function(req, res)
    res:write "so far"
    req.connection[req.path:sub(2)](req.connection)
    results[#results + 1] = table.pack(req:text())
  end)
  for _, how in ipairs { "finish", "close" } do
    local c <close> = open(srv)
    c:write(("POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"):format(how))
    c:read("a", { timeout = 5 })
    check.eventually(function() return results[1] end)
    check.fails("ECLOSED", table.unpack(table.remove(results), 1, 3))
  end
end)

check.case("a client that does not read holds back its handler only", function()
  local written = 0
  local srv <close> = serve(function(req, res)
    if req.path == "/" then return "x" end
    for _ = 1, 64 do
      if not res:write(("x"):rep(1 << 20)) then return end
      written = written + 1
    end
  end)
  local slow <close> = open(srv)
  slow:set { unread_limit = 1 }
  slow:write(get "/much")
  check.match(exchange(srv, get "/"), "^HTTP/1.1 200 ")
  check.eventually(function() return written > 0 end)
  check.ok(written < 64, "it waits")
  slow:close()
end)

check.case("a client that takes nothing is let go, one that takes little is not", function()
  local srv <close> = serve(function(_, res)
    res.headers.Connection = "close"
    return ("x"):rep(16 << 20)
  end, { http = { idle_timeout = 0.1 }, high_water = 1 << 16, sendbuf = 1 << 16 })
  local stuck <close> = open(srv)
  stuck:set { unread_limit = 1, recvbuf = 4096 }
  stuck:write(get "/")
  check.eventually(function() return srv.open == 0 end)
  local slow <close> = open(srv)
  slow:set { unread_limit = 1, rate = { read = 40 << 20 } }
  slow:write(get "/")
  check.ok(#check.ok(slow:read("a", { timeout = 5 })) > 16 << 20)
end)

check.case("the handler is swapped for connections that are open", function()
  local srv <close> = serve(function() return "one" end)
  local c <close> = open(srv)
  c:write(get "/")
  check.equal(select(3, answer(c)), "one")
  check.equal(listen(srv.address, function() return "two" end), srv)
  c:write(get "/")
  check.equal(select(3, answer(c)), "two")
end)

check.case("a listener that closes with grace answers what is asked, and ends the rest", function()
  local asked = 0
  local srv = serve(function()
    asked = asked + 1
    if asked == 2 then sleep(0.05) end
    return "x"
  end)
  local idle <close> = open(srv)
  local busy <close> = open(srv)
  idle:write(get "/")
  check.equal(answer(idle), 200)
  busy:write(get "/", get "/")
  check.eventually(function() return asked == 2 end)
  srv:close { grace = 5 }
  check.equal(idle:read("a", { timeout = 10 }), "")
  local last = check.ok(busy:read("a", { timeout = 10 }))
  check.match(last, "^HTTP/1.1 200 OK\r\n.*Connection: close\r\n\r\nx$")
  check.eventually(function() return srv.open == 0 end)
end)

check.case("an upgrade hands the connection over", function()
  local srv <close> = serve(function(_, res)
    local conn = res:upgrade { Upgrade = "lines", Connection = "Upgrade" }
    for line in conn:lines() do conn:write(line:upper(), "\n") end
  end)
  local c <close> = open(srv)
  c:write(get("/", "Upgrade: lines\r\nConnection: Upgrade\r\n") .. "one\n")
  check.match(c:read_until("\r\n\r\n", { timeout = 5 }), "^HTTP/1.1 101 Switching Protocols\r\n")
  check.equal(c:read "l", "ONE")
  c:write("two\n")
  check.equal(c:read "l", "TWO")
end)

check.case("https speaks HTTP inside of TLS", function()
  local srv <close> = check.ok(listen("https://127.0.0.1:0", function(req) return req.path end))
  check.match(srv.address, "^https://127%.0%.0%.1:%d+$")
  local c <close> = check.ok(connect((srv.address:gsub("https", "tls")),
    { tls = { insecure = true, alpn = "http/1.1" } }))
  check.equal(c.tls.alpn, "http/1.1")
  c:write(get "/x")
  check.equal(select(3, answer(c)), "/x")
end)

check.case("listen says what is not possible", function()
  local function refused(...)
    local ok, message = pcall(listen, ...)
    check.equal(ok, false)
    return message
  end
  check.match(refused("http://127.0.0.1:0"), "http needs a handler")
  check.match(refused("http://127.0.0.1:0/x", print), "a path has no place")
  check.match(refused("http://127.0.0.1:0", { tls = {} }, print), "tls")
  check.match(refused("127.0.0.1:0", { http = {} }, print), "http")
  check.match(refused("http://127.0.0.1:0", { http = { max_bdy = 1 } }, print), "http.max_body")
end)

check.done()
