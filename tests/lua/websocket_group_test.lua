--- The module ws: groups, and WebSockets that begin as requests of HTTP.
local check = require "check"
local http = require "http"
local ws = require "ws"

--- `count` clients of a listener whose connections are members of `group`.
local function clients(group, count, options)
  local srv = listen("ws://127.0.0.1:0", options, function(c)
    group:add(c)
    for _ in c:messages() do end
    group:remove(c)
  end)
  local all = {}
  for i = 1, count do all[i] = assert(connect(srv.address, { recvbuf = 4096, unread_limit = 1000 })) end
  check.eventually(function() return #group == count end)
  return srv, all
end

local function close_all(srv, all, group)
  for _, c in ipairs(all) do c:close() end
  check.eventually(function() return #group == 0 end)
  srv:close()
end

check.case("a group sends to all, or all but one", function()
  local group = ws.group()
  local srv, all = clients(group, 3)
  check.equal(group:send "hello", 3)
  check.equal(group:send("\1\2", "binary"), 3)
  for _, c in ipairs(all) do
    check.same({ c:read() }, { "hello", "text" })
    check.same({ c:read() }, { "\1\2", "binary" })
  end
  local one = next(group.members)
  check.equal(group:send("others", nil, one), 2)
  check.fails("EILSEQ", group:send "\xff")
  check.equal(group:remove(one), true)
  check.equal(group:remove(one), false)
  check.equal(group:send "two", 2)
  check.match(tostring(group), "^group %(2 members, wait, 0 dropped%)$")
  check.equal(inspect(group), tostring(group))
  group:add(one):add(one)
  check.equal(#group, 3)
  close_all(srv, all, group)
end)

check.case("members that have closed are none any more", function()
  local group = ws.group()
  local srv, all = clients(group, 2)
  local first = next(group.members)
  first:close()
  check.equal(group:send "x", 1)
  check.equal(#group, 1)
  close_all(srv, all, group)
end)

check.case("who is slow misses the oldest, which is counted: drop", function()
  local group = ws.group { policy = "drop", limit = 50000 }
  local srv, all = clients(group, 1, { sendbuf = 4096 })
  for i = 1, 1000 do
    check.equal(group:send(("%04d"):format(i) .. ("x"):rep(996), i % 2 == 0 and "binary" or nil), 1)
  end
  local member = next(group.members)
  check.ok(group.dropped > 0)
  check.ok(member.queued <= 60000)
  check.ok(group.waiting[member].size <= 50000)
  local got, last = 0, 0
  while last < 1000 do
    local message, kind = all[1]:read(nil, { timeout = 10 })
    local number = math.tointeger(tonumber(message:sub(1, 4)))
    check.ok(number > last, "in their order")
    check.equal(kind, number % 2 == 0 and "binary" or "text")
    got, last = got + 1, number
  end
  check.equal(got + group.dropped, 1000)
  check.eventually(function() return not group.waiting[member] end)
  check.equal(group:send "as before", 1)
  check.equal(all[1]:read(nil, { timeout = 10 }), "as before")
  close_all(srv, all, group)
end)

check.case("who leaves while something waits for it is let go", function()
  local group = ws.group { policy = "drop", limit = 50000 }
  local srv, all = clients(group, 1, { sendbuf = 4096 })
  for _ = 1, 1000 do group:send(("x"):rep(1000)) end
  local member = next(group.members)
  check.ok(group.waiting[member])
  all[1]:abort()
  check.eventually(function() return group:send "x" == 0 end)
  check.same({ #group, group.waiting[member] }, { 0 })
  srv:close()
end)

check.case("who is slow is put out: disconnect", function()
  local group = ws.group { policy = "disconnect", limit = 50000 }
  local srv, all = clients(group, 1, { sendbuf = 4096 })
  for _ = 1, 1000 do
    if group:send(("x"):rep(1000)) == 0 then break end
  end
  check.equal(group.dropped, 1)
  check.equal(#group, 0)
  for _ in all[1]:messages() do end
  check.equal(all[1].close_code, 1008)
  check.equal(all[1].close_reason, "too slow")
  close_all(srv, all, group)
end)

check.case("who is slow is waited for: wait", function()
  local group = ws.group { policy = "wait" }
  local srv, all = clients(group, 1, { sendbuf = 4096, high_water = 20000, low_water = 1000 })
  local sent = 0
  local sender = spawn(function()
    for _ = 1, 500 do sent = sent + group:send(("x"):rep(1000)) end
  end)
  check.eventually(function() return next(group.members).queued > 20000 end)
  check.ok(sent < 500)
  for _ = 1, 500 do check.equal(#all[1]:read(nil, { timeout = 5 }), 1000) end
  sender:join()
  check.equal(sent, 500)
  check.equal(group.dropped, 0)
  close_all(srv, all, group)
end)

check.case("options of a group that cannot be raise", function()
  check.raises(function() ws.group { policy = "maybe" } end, "'policy' must be \"wait\", \"drop\" or")
  check.raises(function() ws.group { limit = -1 } end, "'limit' must be a number of bytes")
  check.raises(function() ws.group { limits = 1 } end, "unknown option 'limits'")
end)

-- --- http ---------------------------------------------------------------------------------

check.case("a route of an app is a WebSocket; others are not", function()
  local app = http.app()
  app:get("/", function() return "a page" end)
  app:ws("/chat/:room", { protocols = "chat", compress = true }, function(c, req)
    c:write(req.params.room .. " " .. tostring(c.request.query) .. " " .. c.protocol)
    for message, kind in c:messages() do c:write(message, kind) end
  end)
  local srv = listen("http://127.0.0.1:0", app)
  local base = srv.address:gsub("^http", "ws")
  local c = assert(connect(base .. "/chat/tea?x=1", { protocols = { "other", "chat" },
    compress = true }))
  check.equal(c:read(), "tea x=1 chat")
  for _, size in ipairs { 1, 1000, 100000 } do
    c:write(("x"):rep(size), "binary")
    check.same({ c:read() }, { ("x"):rep(size), "binary" })
  end
  c:close(1000)
  check.eventually(function() return c.state == "closed" end)
  check.equal(c.close_code, 1000)
  check.match(check.fails("EPROTO", connect(base .. "/")), "answered 200 OK")
  check.match(check.fails("EPROTO", connect(base .. "/none")), "answered 404 Not Found")
  local raw <close> = connect(base:match "//(.*)")
  raw:write("GET /chat/x HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
  local answers = raw:read "a"
  check.match(answers, "^HTTP/1.1 426 Upgrade Required\r\n")
  check.match(answers, "\r\nUpgrade: websocket\r\n")
  check.match(answers, "a page$")
  srv:close()
end)

check.case("origins count there as well, and what came with the request is read", function()
  local got
  local srv = listen("http://127.0.0.1:0", function(req, res)
    ws.accept(req, res, { origins = "https://good.example" }, function(c) got = c:read() end)
  end)
  local base = srv.address:gsub("^http", "ws")
  check.match(check.fails("EPROTO", connect(base)), "403 Forbidden")
  local raw <close> = connect(base:match "//(.*)")
  raw:write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    "Origin: https://good.example\r\nSec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "\x81\x82\0\0\0\0hi")
  check.match(raw:read_until "\r\n\r\n", "^HTTP/1.1 101 Switching Protocols\r\n.*s3pPLMBiTxaQ9kYGzzhZRbK%+xOo=")
  check.equal(raw:read(4), "\x88\x02\x03\xe8")
  raw:write "\x88\x82\0\0\0\0\x03\xe8"
  check.equal(raw:read "a", "")
  check.equal(got, "hi")
  check.raises(function() ws.accept({ connection = raw, head = "" }, {}, print) end,
    "no request to answer")
  srv:close()
end)

check.done()
