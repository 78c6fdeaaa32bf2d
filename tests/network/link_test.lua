--- What a bad network does, in a namespace of the test's own (tests/network/run): packets that are
-- lost or swallowed, peers that are reset or gone. Each case makes rules of nft for its own ports.
local check = require "check"
local dns = require "dns"
local process = require "process"

local function nft(...)
  local _, problem, status = process.run { "nft", ... }
  if status ~= 0 then error(("nft %s: %s"):format(table.concat({ ... }, " "), problem)) end
end

--- The rules from now on for what arrives, from this machine as all does; none ends them.
local function rules(...)
  nft("flush", "chain", "inet", "test", "arriving")
  for _, rule in ipairs { ... } do nft("add rule inet test arriving " .. rule) end
end

local function port_of(address) return address:match "%d+$" end

--- Both ways of the connections to a port.
local function swallow(port) rules(("tcp dport %s drop"):format(port), ("tcp sport %s drop"):format(port)) end

local function elapsed(fn, ...)
  local started = now()
  local results = table.pack(fn(...))
  return now() - started, table.unpack(results, 1, results.n)
end

--- A listener without a handler, a connection to it, and the other end.
local function meet(server_options, client_options)
  local server = check.ok(listen("127.0.0.1:0", server_options))
  local near = check.ok(connect(server.address, client_options))
  local far = check.ok(server:accept())
  server:close()
  return near, far, port_of(server.address)
end

--- Writes until that fails: message and code.
local function write_on(c)
  local block = ("x"):rep(65536)
  while true do
    local ok, message, code = c:write(block)
    if not ok then return message, code end
  end
end

local function read_on(c)
  while true do
    local bytes, message, code = c:read()
    if not bytes then return message, code end
  end
end

check.case("a reset in the middle of a transfer: the writer learns of it", function()
  local near, far, port = meet()
  near:on { close = check.expect(function(_, reason) check.equal(reason, "reset") end) }
  local writing, reading = spawn(write_on, near), spawn(read_on, far)
  sleep(0.05)
  rules(("tcp dport %s reject with tcp reset"):format(port))
  local message, code = writing:join()
  check.equal(code, "ECONNRESET")
  check.match(message, "^write 127.0.0.1:" .. port .. ": Connection reset by peer$")
  check.ok(far.bytes_in > 0)
  far:close()  -- it has heard nothing, as long as the rule stands
  check.equal(select(2, reading:join()), "ECLOSED")
  rules()
end)

check.case("a reset in the middle of a transfer: the reader learns of it", function()
  local near, far, port = meet()
  far:on { close = check.expect(function(_, reason) check.equal(reason, "reset") end) }
  local writing, reading = spawn(write_on, near), spawn(read_on, far)
  sleep(0.05)
  rules(("tcp sport %s reject with tcp reset"):format(port))
  local message, code = reading:join()
  check.equal(code, "ECONNRESET")
  check.match(message, "^read 127.0.0.1:%d+: Connection reset by peer$")
  near:close()
  rules()
  check.equal(select(2, writing:join()), "ECLOSED")
end)

check.case("a connect that nobody answers ends in time, and lists the addresses", function()
  local server <close> = check.ok(listen(0))  -- of both families
  local port = port_of(server.address)
  rules(("tcp dport %s drop"):format(port))
  local time, c, message, code = elapsed(connect, "localhost:" .. port, { timeout = 0.6 })
  check.equal(c, nil)
  check.equal(code, "ETIMEDOUT")
  check.match(message, "^connect localhost:" .. port .. ": .*%[::1%]:" .. port .. " .*127%.0%.0%.1:" .. port)
  check.ok(time >= 0.6 and time < 3, time)
  time, c, message, code = elapsed(connect, "127.0.0.1:" .. port, { timeout = 0.2 })
  check.equal(code, "ETIMEDOUT", message)
  check.ok(time >= 0.2 and time < 2, time)
  rules()
end)

check.case("a black hole on IPv6 delays a connect by 250 ms (RFC 8305)", function()
  local server <close> = check.ok(listen(0, function(c) c:write "there\n" end))
  local port = port_of(server.address)
  rules(("ip6 daddr ::1 tcp dport %s drop"):format(port))
  local time, c = elapsed(connect, "localhost:" .. port)
  check.equal(check.ok(c).peer, "127.0.0.1:" .. port)
  check.equal(c:read "l", "there")
  check.ok(time >= 0.24 and time < 1.5, time)
  c:close()
  rules(("ip6 daddr ::1 tcp dport %s reject with tcp reset"):format(port))
  time, c = elapsed(connect, "localhost:" .. port)
  check.equal(check.ok(c).peer, "127.0.0.1:" .. port)
  check.ok(time < 0.24, time)  -- refused: nothing to wait for
  c:close()
  rules()
end)

check.case("a host that is said to be out of reach is EHOSTUNREACH, at once", function()
  local server <close> = check.ok(listen "127.0.0.1:0")
  rules(("tcp dport %s reject with icmp type host-unreachable"):format(port_of(server.address)))
  local time, _, _, code = elapsed(connect, server.address)
  check.equal(code, "EHOSTUNREACH")
  check.ok(time < 5, time)
  rules()
end)

check.case("a peer that has gone: read_deadline, timeouts and keepalive notice", function()
  local near, far, port = meet({ read_deadline = 0.3 }, { keepalive = true })
  swallow(port)
  local time, _, message, code = elapsed(far.read, far)
  check.equal(code, "ETIMEDOUT", message)
  check.ok(time < 3, time)
  near:write(("x"):rep(5000))
  check.fails("ETIMEDOUT", near:read(1, { timeout = 0.1 }))
  near:abort()
  far:close()
  rules()

  near, far, port = meet(nil, { keepalive = true })
  swallow(port)
  time, _, message, code = elapsed(near.read, near)
  check.equal(code, "ETIMEDOUT", message)
  check.ok(time > 1 and time < 10, time)
  far:close()
  rules()
end)

local SIZE <const> = 2 * 1024 * 1024
local function numbers()
  local pieces = {}
  for i = 1, SIZE // 4096 do pieces[i] = (">I4"):pack(i):rep(1024) end
  return table.concat(pieces)
end

check.case("what is sent over a link that loses a packet in 25 arrives whole", function()
  local data = numbers()
  local server <close> = check.ok(listen("127.0.0.1:0", function(c) c:pipe(c) end))
  rules(("tcp dport %s numgen inc mod 25 0 drop"):format(port_of(server.address)),
    ("tcp sport %s numgen inc mod 25 0 drop"):format(port_of(server.address)))
  local c <close> = check.ok(connect(server.address))
  spawn(function()
    c:write(data)
    c:shutdown()
  end)
  local time, back = elapsed(c.read, c, "a")
  check.equal(#back, SIZE)
  check.ok(back == data, "not the same")
  check.ok(time < 30, time)
  rules()
end)

check.case("a question to a name server that is lost is asked again; if all are, there is an end", function()
  local server <close> = check.ok(listen("udp://127.0.0.1:0", function(sock, query, from)
    local question = query:sub(13, query:find("\0", 13, true) + 4)
    sock:send(from, query:sub(1, 2) .. "\x81\x80\0\1\0\1\0\0\0\0" .. question
      .. "\xC0\x0C\0\1\0\1\0\0\0\60\0\4\10\0\0\1")
  end))
  dns.server = server.address:match "//(.*)"
  rules(("udp dport %s numgen inc mod 2 0 drop"):format(port_of(server.address)))
  check.same(dns.resolve("a.test", "A", { timeout = 20 }), { "10.0.0.1" })
  check.equal(server.packets_in, 1)
  rules(("udp dport %s drop"):format(port_of(server.address)))
  local time, _, _, code = elapsed(dns.resolve, "a.test", "A", { timeout = 0.3 })
  check.equal(code, "EDNS")
  check.ok(time >= 0.3 and time < 3, time)
  rules()
  dns.server = nil
end)

check.case("datagrams that are refused or lost do not stop a server", function()
  local server <close> = check.ok(listen("udp://127.0.0.1:0", function(sock, data, from)
    sock:send(from, data:upper())
  end))
  local c <close> = check.ok(connect(server.address))
  rules(("udp sport %s reject"):format(port_of(server.address)))  -- the answer, by ICMP
  c:send "one"
  check.fails("ETIMEDOUT", c:read { timeout = 0.2 })
  rules()
  c:send "two"
  check.equal((c:read { timeout = 5 }), "TWO")
end)

check.done()
