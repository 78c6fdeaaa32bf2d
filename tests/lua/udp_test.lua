--- Sockets of datagrams: what listen and connect make of "udp://".
local check = require "check"
local pair = require "pair"

local HERE <const> = "udp://127.0.0.1:0"

-- An address on which nobody is: it was free a moment ago.
local function nobody()
  local sock <close> = check.ok(listen(HERE))
  return sock.address
end

local function bare(sock) return (sock.address:gsub("^udp://", "")) end

check.case("S163 an echo that reverses: each comes back, with the sender's address", function()
  local echo <close> = check.ok(listen(HERE, function(sock, data, from)
    check.ok(sock:send(from, data:reverse()))
  end))
  local sock <close> = check.ok(listen(HERE))
  for size = 0, 10 do
    if size == 1 then size = 0 end
    local sent = ("abcdefghij"):sub(1, size)
    check.ok(sock:send(echo.address, sent))
    local data, from, whole = sock:read { timeout = 5 }
    check.equal(data, sent:reverse())
    check.equal(from, bare(echo))
    check.equal(whole, nil)
  end
end)

check.case("both families of localhost, each answered through its own socket", function()
  local echo <close> = check.ok(listen("udp://localhost:0", function(sock, data, from)
    check.ok(sock:send(from, data))
  end))
  check.equal(#echo.addresses, 2)
  for _, address in ipairs(echo.addresses) do
    local sock <close> = check.ok(connect(address))
    check.ok(sock:send "over")
    check.equal(select(2, sock:read { timeout = 5 }), (address:gsub("^udp://", "")))
  end
  local sock <close> = check.ok(listen "udp://localhost:0")
  check.ok(sock:send("localhost:" .. echo.address:match "%d+$", "by name"))
  check.equal((sock:read { timeout = 5 }), "by name")
end)

check.case("sizes: the largest arrives, one more is EMSGSIZE and harms nothing", function()
  local sock <close> = check.ok(listen(HERE))
  local near <close> = check.ok(connect(sock.address))
  check.match(check.fails("EMSGSIZE", near:send(("x"):rep(65508))),
    "^send 127.0.0.1:%d+: 65508 bytes, at most 65507")
  check.fails("EMSGSIZE", sock:send(near.address, ("x"):rep(100000)))
  check.ok(near:send(("y"):rep(65507)))
  check.equal((sock:read { timeout = 5 }), ("y"):rep(65507))
  check.ok(near:send "")
  check.equal((sock:read { timeout = 5 }), "")
end)

check.case("a datagram longer than read_size is cut, and its whole size told", function()
  local sock <close> = check.ok(listen(HERE, { read_size = 4 }))
  local near <close> = check.ok(connect(sock.address))
  check.ok(near:send "123456")
  check.ok(near:send "1234")
  check.same({ sock:read { timeout = 5 } }, { "1234", bare(near), 6 })
  check.same({ sock:read { timeout = 5 } }, { "1234", bare(near) })
  check.equal(sock:set { read_size = 2 }, sock)
  local heard = check.expect(function(_, data, from, whole)
    check.same({ data, from, whole }, { "ab", bare(near), 3 })
  end)
  listen(sock.address, { read_size = 2 }, heard)
  check.ok(near:send "abc")
  check.eventually(function() return sock.packets_in == 3 end)
end)

check.case("S165 ten at once, one of them to where nobody is: the others arrive in order", function()
  local sock <close> = check.ok(listen(HERE))
  local near <close> = check.ok(listen(HERE))
  local gone = nobody()
  for i = 1, 10 do check.ok(near:send(i == 5 and gone or sock.address, tostring(i))) end
  for i = 1, 10 do
    if i ~= 5 then check.equal((sock:read { timeout = 5 }), tostring(i)) end
  end
  check.fails("ETIMEDOUT", near:read { timeout = 0.05 })  -- nobody is told of the refusal
end)

check.case("a refusal: a connected socket is told once, and goes on", function()
  local gone = nobody()
  local near <close> = check.ok(connect(gone))
  check.ok(near:send "one")
  check.match(check.fails("ECONNREFUSED", near:read { timeout = 5 }), "^read 127.0.0.1:%d+: ")
  check.fails("ETIMEDOUT", near:read { timeout = 0.05 })
  local sock <close> = check.ok(listen(gone))
  check.ok(near:send "two")
  check.equal((sock:read { timeout = 5 }), "two")
  check.ok(sock:send(near.address, "three"))
  check.equal((near:read { timeout = 5 }), "three")
end)

check.case("a connected socket hears its peer only", function()
  local sock <close> = check.ok(listen(HERE))
  local other <close> = check.ok(listen(HERE))
  local near <close> = check.ok(connect(sock.address))
  check.ok(other:send(near.address, "from a stranger"))
  check.ok(sock:send(near.address, "from the peer"))
  check.equal((near:read { timeout = 5 }), "from the peer")
  check.equal(near.peer, bare(sock))
  check.equal(sock.peer, nil)
end)

check.case("a handler that waits does not hold up the next", function()
  local order = {}
  local sock <close> = check.ok(listen(HERE, function(_, data)
    if data == "slow" then sleep(0.1) end
    order[#order + 1] = data
  end))
  local near <close> = check.ok(connect(sock.address))
  for _, word in ipairs { "first", "slow", "second", "third" } do check.ok(near:send(word)) end
  check.eventually(function() return #order == 4 end)
  check.same(order, { "first", "second", "third", "slow" })
end)

check.case("no more than max_tasks are under way, and none is lost", function()
  local now_running, most, done = 0, 0, 0
  local sock <close> = check.ok(listen(HERE, { max_tasks = 3, unread_limit = 100 }, function()
    now_running = now_running + 1
    most = math.max(most, now_running)
    sleep(0.002)
    now_running = now_running - 1
    done = done + 1
  end))
  local near <close> = check.ok(connect(sock.address))
  for i = 1, 100 do check.ok(near:send(tostring(i))) end
  check.eventually(function() return done == 100 end)
  check.equal(most, 3)
  check.equal(sock:get "max_tasks", 3)
end)

check.case("a handler that fails costs its own datagram", function()
  local heard = {}
  local sock <close> = check.ok(listen(HERE, function(_, data)
    if data == "bad" then error("this traceback is expected") end
    heard[#heard + 1] = data
  end))
  local near <close> = check.ok(connect(sock.address))
  for _, word in ipairs { "a", "bad", "b", "bad", "c" } do check.ok(near:send(word)) end
  check.eventually(function() return #heard == 3 end)
  check.same(heard, { "a", "b", "c" })
end)

check.case("a handler may close its socket; calls that wait go on", function()
  local ended = check.expect()
  local sock = check.ok(listen(HERE, function(sock, data)
    if data == "wait" then
      sleep(0.02)
      check.fails("ECLOSED", sock:send("127.0.0.1:9", "late"))
      return ended()
    end
    check.equal(sock:close(), true)
    check.equal(sock:close(), false)
  end))
  local near <close> = check.ok(connect(sock.address))
  check.ok(near:send "wait")
  check.ok(near:send "close")
  check.ok(near:send "never heard")
  check.eventually(function() return sock.fd == nil end)
  check.match(tostring(sock), "^socket %d+ %(udp://127.0.0.1:%d+%), closed$")
end)

check.case("several tasks may read: each gets one, in their order", function()
  local sock <close> = check.ok(listen(HERE))
  local got = {}
  local tasks = {}
  for i = 1, 3 do tasks[i] = spawn(function() got[i] = sock:read() end) end
  sleep(0)
  local near <close> = check.ok(connect(sock.address))
  for i = 1, 3 do check.ok(near:send(tostring(i))) end
  for i = 1, 3 do tasks[i]:join() end
  check.same(got, { "1", "2", "3" })
end)

check.case("a read ends by time, by cancelling, and by close", function()
  local sock <close> = check.ok(listen(HERE))
  check.match(check.fails("ETIMEDOUT", sock:read { timeout = 0.01 }), "^read udp://127.0.0.1:%d+: ")
  sock:set { timeout = 0.01 }
  check.fails("ETIMEDOUT", sock:read())
  sock:set { timeout = math.huge }
  local task = spawn(sock.read, sock)
  sleep(0)
  task:cancel()
  local second = spawn(function() check.fails("ECLOSED", sock:read()) end)
  sleep(0)
  sock:close()
  second:join()
  check.fails("ECLOSED", sock:read())
  check.fails("ECLOSED", sock:send("127.0.0.1:9", "x"))
end)

check.case("what comes while nobody reads is kept", function()
  local sock <close> = check.ok(listen(HERE))
  local near <close> = check.ok(connect(sock.address))
  for i = 1, 40 do check.ok(near:send(tostring(i))) end
  check.eventually(function() return sock.packets_in == 40 end)
  for i = 1, 40 do check.equal((read(sock)), tostring(i)) end
  check.equal(sock.bytes_in, 9 + 2 * 31)
  check.equal(near.packets_out, 40)
  check.equal(near.bytes_out, sock.bytes_in)
end)

check.case("watchers and wait", function()
  local sock <close> = check.ok(listen(HERE))
  local near <close> = check.ok(connect(sock.address))
  check.equal(wait(sock, "r", 0.01), false)
  check.equal(wait(sock, "w", 5), "w")
  local seen = check.expect(function(word)
    check.equal(word, "given")
    check.equal((sock:read()), "x")
  end)
  read(sock, seen, "given")
  write(near, "x")
  check.eventually(function() return sock.packets_in == 1 end)
  write(near, "y")
  check.equal(wait(sock, "r", 5), "r")
  check.equal(wait(sock, "r", 5), "r")  -- it is still there
  check.equal((sock:read()), "y")
  local task = spawn(function() check.fails("ECLOSED", wait(sock, "r")) end)
  sleep(0)
  sock:close()
  task:join()
end)

check.case("listening again on an address of our own swaps the handler", function()
  local first, second = check.expect(), check.expect()
  local sock <close> = check.ok(listen(HERE, first))
  local near <close> = check.ok(connect(sock.address))
  check.ok(near:send "one")
  check.eventually(function() return sock.packets_in == 1 end)
  check.equal(listen(sock.address, second), sock)
  check.ok(near:send "two")
  check.eventually(function() return sock.packets_in == 2 end)
  check.equal(listen(sock.address), sock)
  check.ok(near:send "three")
  check.equal((sock:read { timeout = 5 }), "three")
end)

check.case("somebody else's address is EADDRINUSE, unless both share it", function()
  local sock <close> = check.ok(listen(HERE, { reuseport = true }))
  local more <close> = check.ok(listen(sock.address, { reuseport = true }))
  check.ok(more ~= sock)
  local near <close> = check.ok(connect(sock.address))
  check.fails("EADDRINUSE", connect(sock.address, { bind = bare(near) }))
end)

check.case("groups: joined, sent to, and left", function()
  local sock <close> = check.ok(listen "udp://0.0.0.0:0")
  local port = sock.address:match "%d+$"
  local near <close> = check.ok(listen(HERE, { multicast_interface = "127.0.0.1" }))
  check.ok(sock:join("239.255.88.8", "127.0.0.1"))
  check.fails("EADDRINUSE", sock:join("239.255.88.8", "127.0.0.1"))
  check.ok(near:send("239.255.88.8:" .. port, "to all"))
  check.same({ sock:read { timeout = 5 } }, { "to all", bare(near) })
  check.ok(sock:leave("239.255.88.8", "127.0.0.1"))
  check.ok(near:send("239.255.88.8:" .. port, "to the others"))
  check.ok(near:send("127.0.0.1:" .. port, "to you"))
  check.equal((sock:read { timeout = 5 }), "to you")
  check.fails("EADDRNOTAVAIL", sock:leave("239.255.88.8", "127.0.0.1"))
  check.fails("EINVAL", sock:join "127.0.0.1")
  check.fails("ENODEV", sock:join("239.255.88.8", "no-such-0"))
  check.raises(function() sock:join "all-routers" end, "join: 'all%-routers' is not an address")
  check.fails("ENODEV", near:set { multicast_interface = "no-such-0" })
end)

check.case("broadcast is refused without the option", function()
  local sock <close> = check.ok(listen "udp://0.0.0.0:0")
  local to = "127.255.255.255:" .. sock.address:match "%d+$"
  local near <close> = check.ok(listen(HERE))
  check.match(check.fails("EACCES", near:send(to, "x")), "set broadcast=true")
  check.ok(near:set { broadcast = true })
  check.equal(near:get "broadcast", true)
  check.ok(near:send(to, "to everybody"))
  check.equal((sock:read { timeout = 5 }), "to everybody")
end)

check.case("options: set at listen and connect, read back, others refused", function()
  local sock <close> = check.ok(listen(HERE, { ttl = 9, tos = 16, multicast_ttl = 3,
    multicast_loop = false, broadcast = true, recvbuf = 65536, high_water = 5000 }))
  for name, value in pairs { ttl = 9, tos = 16, multicast_ttl = 3, multicast_loop = false,
    broadcast = true, high_water = 5000, max_tasks = 1000, read_size = 65536 } do
    check.equal(sock:get(name), value, name)
  end
  check.ok(sock:get "recvbuf" >= 65536)
  local near <close> = check.ok(connect(sock.address, { ttl = 7, multicast_ttl = 2,
    bind = "127.0.0.1" }))
  check.equal(near:get "ttl", 7)
  check.equal(near:get "multicast_ttl", 2)
  check.equal(near:get "multicast_interface", nil)
  local six <close> = check.ok(listen("udp://[::1]:0", { multicast_ttl = 5 }))
  check.equal(six:get "multicast_ttl", 5)
  for _, name in ipairs { "nodelay", "keepalive" } do
    local wanted = ("option '%s' is not for udp"):format(name)
    check.raises(function() listen(HERE, { [name] = true }) end, "listen: " .. wanted)
    check.raises(function() connect(sock.address, { [name] = true }) end, "connect: " .. wanted)
  end
  check.raises(function() listen("127.0.0.1:0", { broadcast = true }) end,
    "listen: option 'broadcast' is not for tcp")
  check.raises(function() connect("127.0.0.1:1", { multicast_ttl = 1 }) end,
    "connect: option 'multicast_ttl' is not for tcp")
  check.raises(function() sock:set { nodelay = true } end, "unknown option 'nodelay'")
  check.raises(function() listen(HERE, { multicast_ttl = 256 }) end, "multicast_ttl")
  check.raises(function() sock:set() end, "a table of options expected")
end)

check.case("misuse raises", function()
  local sock <close> = check.ok(listen(HERE, function() end))
  check.raises(function() sock:read() end, "read: the socket has a handler")
  check.raises(function() sock:send "x" end, "send: to whom")
  check.raises(function() sock:write "x" end, "write: the socket is not connected")
  check.raises(function() sock:send("a:b:c", "x") end, "too many colons")
  check.raises(function() sock:send("127.0.0.1", "x") end, "no port")
  check.raises(function() sock:send("tcp://127.0.0.1:1", "x") end, "no address to send to")
  check.raises(function() sock:send("127.0.0.1:0", "x") end, "port 0")
  check.raises(function() sock.read(5) end, "socket expected")
  check.raises(function() connect(sock.address, print) end, "udp takes no handler")
  check.fails("EDNS", sock:send("[fe80::1%nosuch]:80", "x"))
  check.fails("EAFNOSUPPORT", sock:send("[::1]:80", "x"))
end)

check.case("over Unix sockets; the file goes with the socket", function()
  local path = pair.path()
  local sock = check.ok(listen("udp://unix:" .. path))
  local near <close> = check.ok(connect(sock.address))
  check.ok(near:send "hello")
  check.same({ sock:read { timeout = 5 } }, { "hello", "unix:" })
  local other <close> = check.ok(listen("udp://unix:@moonwire-udp-test-" .. path))
  check.ok(other:send(sock.address, "named"))
  local data, from = sock:read { timeout = 5 }
  check.equal(data, "named")
  check.ok(sock:send(from, "answer"))
  check.equal((other:read { timeout = 5 }), "answer")
  sock:close()
  check.equal(io.open(path), nil)
end)

check.case("send waits while too much is queued, and all arrives in order", function()
  local path = pair.path()
  local gate, got = true, {}
  local sock <close> = check.ok(listen("udp://unix:" .. path, { max_tasks = 1 },
    function(_, data)
      while gate do sleep(0.001) end
      got[#got + 1] = data
    end))
  local near <close> = check.ok(connect(sock.address, { high_water = 2000, low_water = 500 }))
  local sent = 0
  local sender = spawn(function()
    for i = 1, 2000 do
      check.ok(near:send(tostring(i)))
      sent = i
    end
  end)
  check.eventually(function() return sock.packets_in > 1 and near.queued > 500 end)
  for _ = 1, 5 do sleep(0) end
  local stuck = sent
  check.ok(stuck < 2000 and sender:alive())
  for _ = 1, 5 do sleep(0) end
  check.equal(sent, stuck)
  gate = false
  sender:join()
  check.eventually(function() return #got == 2000 end, 20)
  for i = 1, 2000 do check.equal(got[i], tostring(i)) end
  check.equal(near.queued, 0)
end)

check.case("what nobody holds is closed; what has a handler lives on", function()
  local heard = check.expect()
  local address
  do
    local sock = check.ok(listen(HERE, function(sock)
      heard()
      sock:close()
    end))
    address = sock.address
  end
  local fd
  do
    local idle = check.ok(listen(HERE))
    fd = idle.address
  end
  collectgarbage()
  collectgarbage()
  check.ok(listen(fd)):close()
  local near <close> = check.ok(connect(address))
  check.ok(near:send "x")
  check.eventually(function() return not tostring(why()):find(address, 1, true) end)
end)

check.done()
