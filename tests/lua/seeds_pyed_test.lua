--- What PYED could do: shared/seeds.md 1.1, by its numbers. P14 is in workers_test.lua.
local check = require "check"
local fifo = require "fifo"
local http = require "http"
local own_host = require "own_host"
local pair = require "pair"

local PATIENCE <const> = 10  -- seconds, for what must come

check.case_here("P1 the loop by hand: due timers, earliest first, and the time to the next", function()
  check.equal(next_due(), nil)
  local order, sorted = {}, {}
  for _, ms in ipairs { 30, 10, 20 } do
    local t = timeout(ms / 1000, function() order[#order + 1] = ms end)
    sorted[#sorted + 1] = { due = t:due(), ms = ms }
  end
  table.sort(sorted, function(a, b) return a.due < b.due end)  -- 10, 20, 30, unless we are held up
  while next_due() do
    check.ok(next_due() <= 0.03)
    loop()
  end
  for i, each in ipairs(sorted) do check.equal(order[i], each.ms) end
  check.equal(loop(), nil)
end)

check.case("P2 a pass calls the reader, then the writer; a hang-up is readable", function()
  local near, far <close> = pair()
  local order = {}
  far:write "x"
  check.equal(wait(near, "r", PATIENCE), "r")
  local w = write(near, function() order[#order + 1] = "write" return true end)
  local r = read(near, function()
    order[#order + 1] = "read"
    near:take()
    return true
  end)
  loop(true)
  check.same(order, { "read", "write" })
  check.equal(w:delete(), true)
  check.equal(r:pending(), true)
  loop(true)
  check.equal(#order, 2)
  far:close()
  check.eventually(function() return #order == 3 end, PATIENCE)
  check.equal(order[3], "read")
end)

check.case("P3 one object on a descriptor: handlers that stay, and a timer that is replaced", function()
  local both = fifo "both"
  local calls = 0
  local r = read(both, function(what)
    calls = calls + 1
    check.equal(both:read(1), what)
  end, "x"):persistent()
  check.equal(r:add(), r)  -- again: still one call for each byte
  for i = 1, 3 do
    both:write "x"
    check.eventually(function() return calls == i end, PATIENCE)
  end
  check.equal(r:delete(), true)
  check.equal(r:delete(), false)
  local t = timeout(60, check.expect())  -- without any descriptor
  check.ok(t:pending())
  check.ok(t:due() > now() + 59)
  t:add(0.02)
  local due = t:due()
  check.ok(due < now() + 1)
  check.eventually(function() return not t:pending() end, PATIENCE)
  check.equal(t:due(), due)
  check.ok(now() >= due)
  check.equal(timeout(nil, print):due(), nil)
  check.equal(t:delete(), false)
end)

check.case("P4 a server from a table: every option is applied, hosts and services have names", function()
  local host = own_host()
  local conf = { backlog = 77, reuseaddr = true, reuseport = true, recvbuf = 65536, sendbuf = 32768,
    linger = 0 }
  local taken = {}
  local srv <close> = check.ok(listen(host .. ":socks", conf, function(c)
    taken[#taken + 1] = c.sock
    for name, value in pairs { recvbuf = conf.recvbuf, sendbuf = conf.sendbuf } do
      check.ok(c:get(name) >= value, name)
    end
    check.equal(c:get "linger", 0)
    c:read()
  end))
  check.equal(srv.address, host .. ":1080")
  check.equal(srv:get "backlog", 77)
  local second <close> = check.ok(listen(srv.address, conf, print))
  check.ok(second ~= srv, "reuseport gave the same socket")
  second:close()
  local c <close> = check.ok(connect(srv.address))
  check.eventually(function() return taken[1] == srv.address end, PATIENCE)
  local everywhere <close> = check.ok(listen(":0", function(d) d:write "here" end))
  local port = everywhere.address:match "%d+$"
  local d <close> = check.ok(connect(own_host() .. ":" .. port))
  check.equal(d:read("a", { timeout = PATIENCE }), "here")
  check.match(check.fails("ENOENT", listen(host .. ":no-such-service")), 'unknown service "no%-such%-service"')
end)

check.case("P5 a client resolves host and service; what fails is told", function()
  local host = own_host()
  local srv <close> = check.ok(listen(host .. ":socks", function(c) c:write "hello" end))
  local c <close> = check.ok(connect(host .. ":socks", { recvbuf = 65536, sendbuf = 32768 }))
  check.ok(c:get "recvbuf" >= 65536)
  check.ok(c:get "sendbuf" >= 32768)
  check.equal(c.peer, host .. ":1080")
  check.equal(c:read("a", { timeout = PATIENCE }), "hello")
  srv:close()
  check.match(check.fails("ECONNREFUSED", connect(host .. ":socks")), host)
end)

check.case("P6 a connection reads at once; linger 0 resets, false ends in order", function()
  for _, linger in ipairs { 0, 5, false } do
    local near, far <close> = pair()
    far:write "already here"
    check.eventually(function() return near:peek() == "already here" end, PATIENCE)
    check.ok(near:set { recvbuf = 65536, sendbuf = 32768, linger = linger })
    near:take()
    near:write "last"
    near:flush()
    near:close()
    if linger == 0 then
      check.eventually(function() return far.failure or far:read() == nil end, PATIENCE)
      check.equal(far.failure and far.failure.code, "ECONNRESET")
    else
      check.equal(far:read("a", { timeout = PATIENCE }), "last", tostring(linger))
    end
  end
end)

check.case("P7 P9 data is told once for all that has come; unasked it stays in the buffer", function()
  local near, far <close> = pair()
  far:write("one\n", "two\n", "three\n")
  far:flush()
  check.eventually(function() return #near:peek() == 14 end, PATIENCE)
  check.equal(near:take(3), "one")
  check.equal(near:take(100), "\ntwo\nthree\n")
  check.equal(near:take(), "")
  local calls = {}
  near:on { data = function(_, bytes) calls[#calls + 1] = bytes end }
  far:write("four\n", "five\n")
  check.eventually(function() return #table.concat(calls) == 10 end, PATIENCE)
  check.ok(#calls < 10, "a call for each byte")
  near:close()
end)

check.case("P8 broken: after all that was read, once, watchers and timers are gone by then", function()
  for how, want in pairs { finish = "eof", abort = "reset" } do
    local near, far <close> = pair()
    local order, t, r = {}, nil, nil
    t = near:timeout(60, print)
    r = write(near, function() return true end)
    near:on {
      data = function(_, bytes) order[#order + 1] = bytes end,
      close = function(_, why)
        order[#order + 1] = why
        check.equal(t:alive(), false)
        check.equal(r:pending(), false)
      end,
    }
    far:write "last words"
    check.eventually(function() return order[1] end, PATIENCE)
    far[how](far)
    check.eventually(function() return order[2] end, PATIENCE)
    check.same(order, { "last words", want })
  end
end)

check.case("P8 B8 data and the end in one wake-up: both are told", function()
  local order = {}
  local near, far = pair()
  far:finish "together"
  sleep(0.02)
  near:on { data = function(_, bytes) order[#order + 1] = bytes end,
    close = function(_, why) order[#order + 1] = why end }
  check.eventually(function() return order[2] end, PATIENCE)
  check.same(order, { "together", "eof" })
end)

check.case("P10 P11 write never takes less than all; close loses what has not left", function()
  local near, far <close> = pair({ sendbuf = 8192, high_water = 1 << 30 }, { recvbuf = 8192 })
  local data = ("0123456789abcdef"):rep(1 << 16)
  check.equal(near:write(data), true)
  check.ok(near.queued > 0, "it left at once: nothing is shown")
  local t = near:timeout(60, print)
  check.equal(near:close(), true)
  check.equal(t:alive(), false)
  local got = far:read("a", { timeout = PATIENCE }) or far:take()
  check.ok(#got < #data and data:sub(1, #got) == got, #got .. " bytes")
  local one, two <close> = pair({ sendbuf = 8192, high_water = 1 << 30 }, { recvbuf = 8192 })
  one:write(data)
  one:finish()
  check.ok(two:read("a", { timeout = PATIENCE }) == data, "what came is another")
end)

check.case("P12 limits of a live connection, each way; what was not used is not saved up", function()
  local near, far <close> = pair()
  check.equal(near:get "rate", nil)
  near:set { rate = { read = 10000, write = 5000 } }
  check.same(near:get "rate", { read = 10000, write = 5000 })
  sleep(0.5)  -- in which 2500 bytes are not used
  local clock, bytes = check.clock(), 3000
  near:write(("w"):rep(bytes))
  check.equal(#far:read(bytes, { timeout = PATIENCE }), bytes)
  clock:took((bytes - 500) / 5000 * 0.99, PATIENCE)  -- a burst is a tenth of a second's worth
  clock = check.clock()
  far:write(("r"):rep(bytes))
  check.equal(#near:read(bytes, { timeout = PATIENCE }), bytes)
  clock:took((bytes - 1000) / 10000 * 0.99, PATIENCE)
  near:set { rate = { read = -1, write = -1 } }
  check.equal(near:get "rate", nil)
  near:write(("w"):rep(1000000))
  check.equal(#far:read(1000000, { timeout = PATIENCE }), 1000000)
  near:close()
end)

check.case("P13 an HTTP server and its client", function()
  local srv <close> = check.ok(listen("http://127.0.0.1:0", function(req) return req.path:upper() end))
  local answer = check.ok(http.get(srv.address .. "/seen"))
  check.equal(answer.status, 200)
  check.equal(answer.body, "/SEEN")
  http.close_idle()
end)

check.done()
