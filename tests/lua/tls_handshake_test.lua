--- The handshakes of TLS: how long they may take, what counts meanwhile, who hears of their end, and
-- peers that make none.
local check = require "check"
local shouting = require "shouting"

local shout, exchange = shouting.shout, shouting.exchange

check.case("S177 a silent client is dropped at the deadline, and others are served meanwhile", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { tls = { timeout = 2 } },
    check.expect(shout, 2)))
  local plain = srv.address:match "//(.*)"
  local silent <close> = check.ok(connect(plain))
  for _ = 1, 2 do
    local c <close> = check.ok(connect(srv.address))
    check.equal(exchange(c, "x"), "X")
  end
  check.equal(srv.open >= 1, true)
  local began = now()
  check.equal(silent:read(), nil)
  check.ok(now() - began < 15)
  check.eventually(function() return srv.open == 0 end)
  check.equal(srv.accepted, 2)
end)

check.case("handshakes under way count as connections", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { max_connections = 1,
    tls = { timeout = 1 } }, shout))
  local silent <close> = check.ok(connect((srv.address:match "//(.*)")))
  check.eventually(function() return srv.open == 1 end)
  local c <close> = check.ok(connect(srv.address))  -- when the first is out of time
  check.equal(exchange(c, "x"), "X")
end)

check.case("who accepts gets connections whose handshake is over", function()
  local srv <close> = check.ok(listen "tls://127.0.0.1:0")
  local silent <close> = spawn(function() return check.ok(connect((srv.address:match "//(.*)"))) end):join()
  local task = spawn(function() return connect(srv.address) end)
  local far <close> = check.ok(srv:accept())
  check.ok(far.tls)
  local near <close> = check.ok(task:join())
  near:write "x\n"
  check.equal(far:read "l", "x")
end)

check.case("peers that speak no TLS are recognised", function()
  local tls <close> = check.ok(listen("tls://127.0.0.1:0", { tls = { timeout = 5 } }, error))
  local c <close> = check.ok(connect((tls.address:match "//(.*)")))
  c:write "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
  check.equal(c:read(), nil)
  local plain <close> = check.ok(listen("127.0.0.1:0", function(c)
    c:read()
    c:write "HTTP/1.1 400 Bad Request\r\n\r\n"
  end))
  check.match(check.fails("ETLS", connect("tls://" .. plain.address)),
    'the server speaks plain HTTP on this port, not TLS: "HTTP/1.1 400 Bad Request"')
  local closing <close> = check.ok(listen("127.0.0.1:0", function(c) c:read() end))
  check.match(check.fails("ETLS", connect("tls://" .. closing.address)),
    "closed the connection instead of a handshake: it may not speak TLS")
end)

check.case("a connect's timeout covers the handshake, and it can be cancelled", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c) c:read "a" end))
  check.match(check.fails("ETIMEDOUT", connect("tls://" .. srv.address, { timeout = 0.1 })),
    "handshake did not end within")
  check.match(check.fails("ETIMEDOUT",
    connect("tls://" .. srv.address, { tls = { timeout = 0.1 } })), "within 0.1 s")
  local task = spawn(function() connect("tls://" .. srv.address) end)
  check.eventually(function() return srv.open == 1 end)
  task:cancel()
  check.eventually(function() return srv.open == 0 end)
end)

check.case("a handler of connect hears of the end of the handshake, good or bad", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", shout))
  connect(srv.address, check.expect(function(c) check.equal(exchange(c, "x"), "X") end))
  connect(srv.address, { tls = { server_name = "other.example" } },
    check.expect(function(c, message, code)
      check.equal(c, nil)
      check.equal(code, "ETLS")
      check.match(message, "not for \"other.example\"")
    end))
  local early = connect(srv.address, function(c) c:read "l" end)
  check.ok(early:write "written early\n")  -- goes out after the handshake
  early:on { open = check.expect() }
  check.eventually(function() return early.bytes_in == 14 end)
  early:close()
end)

check.case("a connection comes back with TLS", function()
  local lives = 0
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", function(c)
    lives = lives + 1
    c:write(lives, "\n")
  end))
  local lines = {}
  local c = connect(srv.address, { reconnect = { delay = 0.01 } }, function(c)
    for line in c:lines() do lines[#lines + 1] = line end
  end)
  check.eventually(function() return #lines >= 3 end)
  c:close()
  check.same({ lines[1], lines[2], lines[3] }, { "1", "2", "3" })
end)

check.case("a PROXY header comes before the handshake", function()
  local srv <close> = check.ok(listen("tls://127.0.0.1:0", { proxy_protocol = true }, function(c)
    c:write(c.peer, "\n")
  end))
  local c <close> = check.ok(connect((srv.address:match "//(.*)")))
  c:write "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n"
  check.ok(c:starttls())
  check.equal(c:read "l", "192.0.2.1:4711")
end)

check.case("a listener's end ends the handshakes too", function()
  local srv = check.ok(listen("tls://127.0.0.1:0", shout))
  local silent <close> = check.ok(connect((srv.address:match "//(.*)")))
  check.eventually(function() return srv.open == 1 end)
  srv:close()
  check.equal(silent:read(), nil)
end)

check.done { errors_expected = true }
