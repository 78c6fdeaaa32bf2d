--- Behaviours of the ancestors' streams, servers and clients, by their numbers (S141 to S171);
-- those that are not here are named so in the files of what they are about.
local check = require "check"
local own_host = require "own_host"

local PATIENCE <const> = 10  -- seconds, for what must come

check.case("S141 an echo by callback gives back what it is sent, ten times again", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    c:on { data = function(_, bytes) c:write(bytes) end }
  end))
  local c <close> = check.ok(connect(srv.address))
  for _ = 0, 10 do
    c:write "ooxx"
    check.equal(c:read(4, { timeout = PATIENCE }), "ooxx")
  end
end)

check.case("S149 after the peer's end one may still write; when the handler returns, it closes", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    check.equal(c:read "a", "last words")
    c:write "still heard"
  end))
  local c <close> = check.ok(connect(srv.address))
  c:write "last words"
  c:shutdown()
  check.equal(c:read("a", { timeout = PATIENCE }), "still heard")
  check.eventually(function() return srv.open == 0 end, PATIENCE)
end)

--- Waits, without any pass of the loop, until the kernel has connected so many clients to a port.
local function wait_until_connected(address, wanted)
  local port, limit = tonumber(address:match "%d+$"), now() + PATIENCE
  local count
  repeat
    count = 0
    for line in io.lines "/proc/net/tcp" do
      local own, state = line:match "^ *%d+: %x+:(%x+) %x+:%x+ (%x+)"
      if own and tonumber(own, 16) == port and state == "01" then count = count + 1 end
    end
  until count >= wanted or now() > limit
end

check.case("P14 who is connected when a listener ends gracefully is served, though not accepted yet", function()
  local srv = check.ok(listen("127.0.0.1:0", function(c) c:write "served" end))
  local heard = {}
  for _ = 1, 100 do  -- more than are accepted in a turn
    connect(srv.address, {}, function(c, message)
      local text
      if c then text, message = c:read "a" end
      heard[#heard + 1] = text or message
    end)
  end
  wait_until_connected(srv.address, 100)
  check.equal(srv.accepted, 0)
  check.equal(srv:close { grace = PATIENCE }, true)
  check.equal(srv.open, 100)
  check.eventually(function() return #heard == 100 end, PATIENCE)
  for i = 1, 100 do check.equal(heard[i], "served") end
  check.equal(srv.accepted, 100)
end)

check.case("P14 ... by a server of HTTP as well, which says that it was the last answer", function()
  local srv = check.ok(listen("http://127.0.0.1:0", function(req) return req.path end))
  local answer
  connect((srv.address:gsub("^http://", "")), {}, function(c)
    c:write "GET /late HTTP/1.1\r\nHost: h\r\n\r\n"
    answer = c:read "a"
  end)
  wait_until_connected(srv.address, 1)
  check.equal(srv:close { grace = PATIENCE }, true)
  check.eventually(function() return answer end, PATIENCE)
  check.match(answer, "^HTTP/1.1 200 OK\r\n.*\r\n\r\n/late$")
  check.match(answer:lower(), "\r\nconnection: close\r\n")
end)

check.case("S155 a rate of 1000 delivers 3500 bytes as slowly, and slows nobody else", function()
  local pieces, fast_at = {}, nil
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    if c:read(1) == "f" then  -- the second one
      check.equal(#c:read(100000), 100000)
      fast_at = now()
      return
    end
    c:set { rate = { read = 1000 } }
    local got = 0
    c:on { data = function(_, bytes)
      got = got + #bytes
      pieces[#pieces + 1] = { at = now(), size = #bytes, all = got }
    end }
    c:write "slow from here on\n"
  end))
  local slow <close> = check.ok(connect(srv.address))
  slow:write "s"
  check.ok(slow:read("l", { timeout = PATIENCE }))
  local clock = check.clock()
  slow:write(("x"):rep(3500))
  check.eventually(function() return pieces[1] end, PATIENCE)
  local fast <close> = check.ok(connect(srv.address))
  fast:write("f", ("y"):rep(100000))
  check.eventually(function() return pieces[#pieces].all == 3500 end, 3 * PATIENCE)
  clock:took(2.4, 4)
  local last = pieces[#pieces].at
  check.ok(fast_at and fast_at < last, "the second connection was slowed")
  for i, from in ipairs(pieces) do
    local sum = 0
    for k = i, #pieces do
      if pieces[k].at - from.at < 1 then sum = sum + pieces[k].size end
    end
    check.ok(sum <= 2000, sum .. " bytes in a second")
  end
end)

check.case("S171 after a loss the close hook runs, and the first attempt is at once", function()
  local srv = check.ok(listen(own_host() .. ":0"))
  local codes, reasons, runs = {}, {}, 0
  local c <close> = connect(srv.address, { reconnect = { delay = 3600, on_fail = function(_, code)
    codes[#codes + 1] = code
  end } }, function(conn)
    runs = runs + 1
    conn:on { close = function(_, reason) reasons[#reasons + 1] = reason end }
    while conn:read() do end
  end)
  local peer = check.ok(srv:accept { timeout = PATIENCE })
  check.eventually(function() return runs == 1 end, PATIENCE)
  srv:close()
  peer:close()
  check.eventually(function() return codes[1] and c.state == "waiting" end, PATIENCE)
  check.same(codes, { "ECONNREFUSED" })
  check.same(reasons, { "eof" })
end)

check.case("S171 later ones are spaced, and go on until the server is there again", function()
  local srv = check.ok(listen(own_host() .. ":0"))
  local address = srv.address
  local fails, runs, second = {}, 0, nil
  local c <close> = connect(address, { reconnect = { delay = 0.1, on_fail = function(_, _, attempt)
    fails[#fails + 1] = now()
    if attempt == 3 then second = check.ok(listen(address)) end
  end } }, function(conn)
    runs = runs + 1
    while conn:read() do end
  end)
  local peer = check.ok(srv:accept { timeout = PATIENCE })
  check.eventually(function() return runs == 1 end, PATIENCE)
  srv:close()
  local began = now()
  peer:close()
  check.eventually(function() return runs == 2 end, PATIENCE)
  check.ok(now() - began >= 0.3, "three waits of 0.1 s")
  check.equal(#fails, 3)
  second:close()
end)

check.case("S171 delay 0 or absent never reconnects", function()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  for _, reconnect in ipairs { false, { delay = 0 } } do
    local over = check.expect()
    local c <close> = connect(srv.address, reconnect and { reconnect = reconnect } or {}, function(conn)
      check.equal(conn:read(), nil)
      over()
    end)
    check.ok(srv:accept { timeout = PATIENCE }):close()
    check.eventually(function() return c.state == "closed" end, PATIENCE)
    check.fails("ETIMEDOUT", srv:accept { timeout = 0.05 })
  end
end)

check.done()
