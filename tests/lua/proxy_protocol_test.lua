--- The option proxy_protocol of listeners: headers of both versions in front of streams, in
-- pieces, wrong, late and missing. What is a header: tests/net/proxy_header_test.cpp.
local check = require "check"
local child = require "child"

local V1 <const> = "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n"
local V2 <const> = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\xC0\0\2\1\xC0\0\2\2\x9C\x40\0\x50"
local UNIX <const> = "\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xD8" .. (">c108c108"):pack("/run/a", "\0b")
local SIX <const> = "PROXY TCP6 fd00::1 fd00::2 40000 80\r\n"

--- A server that answers a line with the addresses that it sees.
local function serve(options)
  options = options or {}
  options.proxy_protocol = true
  return check.ok(listen("127.0.0.1:0", options, function(c)
    local line = c:read "l"
    c:write(c.peer, " ", c.sock, " ", line or "nothing", "\n")
  end))
end

local function ask(server, header)
  local c <close> = check.ok(connect(server.address))
  c:write(header, "hello\n")
  return c:read("l", { timeout = 5 }), c.sock
end

check.case("peer and sock are those of the header", function()
  local server <close> = serve()
  check.equal(ask(server, V1), "192.0.2.1:40000 192.0.2.2:80 hello")
  check.equal(ask(server, V2), "192.0.2.1:40000 192.0.2.2:80 hello")
  check.equal(ask(server, SIX), "[fd00::1]:40000 [fd00::2]:80 hello")
  check.equal(ask(server, UNIX), "unix:/run/a unix:@b hello")
  check.equal(server.accepted, 4)
end)

check.case("a header that knows no addresses keeps the real ones", function()
  local server <close> = serve()
  for _, header in ipairs { "PROXY UNKNOWN\r\n", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0" } do
    local answer, own = ask(server, header)
    check.equal(answer, own .. " " .. server.address .. " hello")
  end
end)

check.case("a header may come byte by byte, and what follows is the stream's", function()
  local server <close> = serve()
  for _, header in ipairs { V1, V2 } do
    local c <close> = check.ok(connect(server.address))
    for i = 1, #header do
      c:write(header:sub(i, i))
      check.ok(c:flush())
      if i % 8 == 0 then sleep(0.001) end
    end
    check.equal(server.open, 0)
    c:write "PROXY is a line\n"
    check.equal(c:read("l", { timeout = 5 }), "192.0.2.1:40000 192.0.2.2:80 PROXY is a line")
  end
end)

check.case("a large stream behind it is whole", function()
  local data = ("0123456789"):rep(100000)
  local server <close> = check.ok(listen("127.0.0.1:0", { proxy_protocol = true }, function(c)
    c:write(c:read "a" == data and "same" or "different")
  end))
  local c <close> = check.ok(connect(server.address))
  c:write(V2, data)
  c:shutdown()
  check.equal(c:read "a", "same")
end)

check.case("accept gets them as well, also those that came first", function()
  local server <close> = check.ok(listen("127.0.0.1:0", { proxy_protocol = true }))
  local clients = {}
  for i = 1, 3 do
    clients[i] = check.ok(connect(server.address))
    clients[i]:write(V1, i, "\n")
  end
  check.fails("ETIMEDOUT", server:accept { timeout = 0 })  -- they are let in
  for _ = 1, 3 do
    local c <close> = check.ok(server:accept { timeout = 5 })
    check.equal(c.peer, "192.0.2.1:40000")
    check.match(c:read "l", "^[123]$")
  end
  for _, each in ipairs(clients) do each:close() end
  local task = spawn(function() return server:accept { timeout = 5 } end)
  sleep(0)
  local c <close> = check.ok(connect(server.address))
  c:write(V2)
  local there <close> = check.ok(task:join())
  check.equal(there.peer, "192.0.2.1:40000")
end)

check.case("a handler may close its listener while others wait with their headers", function()
  local server
  server = check.ok(listen("127.0.0.1:0", { proxy_protocol = true }, function(c)
    server:close()
    server = nil
    collectgarbage()
    c:write("the last\n")
  end))
  local where = server.address
  local clients = {}
  for i = 1, 5 do clients[i] = check.ok(connect(where)) end
  for _, each in ipairs(clients) do each:write(V1) end
  local served = 0
  for _, each in ipairs(clients) do
    if each:read("l", { timeout = 5 }) == "the last" then served = served + 1 end
    each:close()
  end
  check.equal(served, 1)
end)

check.case("it can be switched, and reads back", function()
  local server <close> = serve()
  check.equal(server:get "proxy_protocol", true)
  server:set { proxy_protocol = false }
  check.equal(server:get "proxy_protocol", false)
  local answer, own = ask(server, "")
  check.equal(answer, own .. " " .. server.address .. " hello")
  check.match(ask(server, V1), " PROXY TCP4 ")  -- nobody looks at it unasked
  check.raises(function() listen("udp://127.0.0.1:0", { proxy_protocol = true }) end,
    "proxy_protocol")
  check.raises(function() connect(server.address, { proxy_protocol = true }) end, "proxy_protocol")
  check.raises(function() listen("127.0.0.1:0", { proxy_protocol = "v1" }) end, "must be a boolean")
end)

check.case("those that wait with it count as open, and end with their listener", function()
  local server = serve { max_connections = 2 }
  local first, second = check.ok(connect(server.address)), check.ok(connect(server.address))
  local third <close> = check.ok(connect(server.address))
  third:write(V1, "third\n")
  check.fails("ETIMEDOUT", third:read("l", { timeout = 0.05 }))
  first:close()
  check.equal(third:read("l", { timeout = 5 }), "192.0.2.1:40000 192.0.2.2:80 third")
  second:write(V1:sub(1, 10))
  sleep(0.02)
  server:close()
  check.equal(second:read("a", { timeout = 5 }) or "", "")
  second:close()
end)

--- What a script prints that has such a listener; `body` is what it does, with `talk(bytes)`.
local function told(body)
  return (child([[
local server = listen("127.0.0.1:0", { proxy_protocol = true }, function(c) print("served", c:read "a") end)
local function talk(bytes)
  local c = connect(server.address)
  c:write(bytes)
  c:shutdown()
  print(#(c:read "a" or ""))
  c:close()
end
]] .. body .. "\nsleep(0.05) os.exit(0)"))
end

check.case("a wrong header is told once, and closes the connection", function()
  local told_of = told [[talk "GET / HTTP/1.1\r\n\r\n"]]
  check.match(told_of, "listener 1 %(127.0.0.1:%d+%): PROXY header from 127.0.0.1:%d+: there is none; "
    .. "connection closed\n")
  check.equal(select(2, told_of:gsub("PROXY header", "")), 1)
  check.equal(told_of:find "served", nil)
  check.match(told [[talk "PROXY TCP4 1.2.3.4 1.2.3.4 1 x\r\n"]], "the destination is no address and port")
  check.match(told [[talk "PROXY TC"]], "it ends early")
  check.match(told [[talk "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\1x"]], "too short for its addresses")
end)

check.case("a storm of them is a line a second, with a count", function()
  local told_of = told [[
    local began = now()
    for _ = 1, 30 do talk "nonsense\r\n" end
    sleep(1)
    talk "nonsense\r\n"
    print("seconds", math.ceil(now() - began))]]
  local lines = select(2, told_of:gsub("PROXY header", ""))
  check.ok(lines >= 2 and lines <= tonumber(told_of:match "seconds\t(%d+)") + 1, told_of)
  local untold = 0
  for count in told_of:gmatch "connection closed %((%d+) more since the last%)" do
    untold = untold + count
  end
  check.equal(lines + untold, 31)
end)

check.case("one that leaves without a word is not worth one", function()
  local told_of = told [[talk ""]]
  check.equal(told_of, "0\n")
  check.equal(told [[connect(server.address):abort()]], "")
  check.match(told [[
    local c = connect(server.address)
    c:write "PROXY "
    sleep(0.05)
    c:abort()
  ]], ": Connection reset by peer; connection closed\n$")
end)

-- Long, and the same for all.
check.case("one that says nothing is closed after 10 s", function()
  if reactor.method ~= "epoll" then return end
  local server <close> = serve()
  local silent <close> = check.ok(connect(server.address))
  local slow <close> = check.ok(connect(server.address))
  slow:write "PROXY "
  local started = now()
  check.fails("ETIMEDOUT", silent:read("l", { timeout = 9.5 }))
  check.equal(silent:read("l", { timeout = 5 }), nil)
  check.equal(slow:read "l", nil)
  check.ok(now() - started > 9.9, now() - started)
end)

check.done { errors_expected = true }
