--- The option `rate`: how many bytes a second come and go. What is checked is that nothing is
-- lost and that nothing comes sooner than the rate allows; how even it is, the numbers of a
-- second show.
local check = require "check"
local pair = require "pair"

local RATE <const> = 200000
local SIZE <const> = 100000
local BURST <const> = RATE / 10

--- Not before everything beyond the first burst has had its time.
local function check_pace(started, bytes, rate, burst)
  local least = (bytes - burst) / rate
  check.ok(now() - started >= least * 0.99, ("%d bytes in %.3f s"):format(bytes, now() - started))
end

check.case("rate.read slows what comes in, and loses nothing", function()
  local near, far <close> = pair { rate = { read = RATE } }
  local data = ("0123456789"):rep(SIZE // 10)
  spawn(function() far:write(data) far:finish() end)
  local started = now()
  check.equal(near:read "a", data)
  check_pace(started, SIZE, RATE, BURST)
end)

check.case("rate.write slows what goes out, and finish waits for it", function()
  local near, far <close> = pair { rate = { write = RATE } }
  local data = ("abcdefghij"):rep(SIZE // 10)
  local started = now()
  near:write(data)
  near:finish()
  check.equal(far:read "a", data)
  check_pace(started, SIZE, RATE, BURST)
end)

check.case("burst is what may move at once", function()
  local near, far <close> = pair { rate = { write = 100, burst = 5000 } }
  near:write(("x"):rep(5000))
  check.equal(#far:read(5000, { timeout = 10 }), 5000)
  near:write "y"
  check.equal(far:read(1, { timeout = 10 }), "y")  -- does not wait for half a burst: 25 s
end)

check.case("a rate begins, changes and ends on a live connection", function()
  local near, far <close> = pair()
  near:set { rate = { write = 1, burst = 1 } }
  near:write(("x"):rep(1000))
  near:write(("y"):rep(10000))  -- as large as is sent directly elsewhere
  check.ok(near.queued > 10990, near.queued)
  near:set { rate = { write = -1 } }
  check.equal(#far:read(11000, { timeout = 10 }), 11000)
  check.equal(near.queued, 0)
  check.equal(near:get "rate", nil)
end)

check.case("a listener's rate is each connection's own", function()
  local srv <close> = listen("127.0.0.1:0", { rate = { write = 1000, burst = 100 } })
  local one <close> = connect(srv.address)
  local first <close> = srv:accept()
  local two <close> = connect(srv.address)
  local second <close> = srv:accept()
  first:write(("x"):rep(100000))
  second:write(("y"):rep(100))
  check.equal(two:read(100, { timeout = 10 }), ("y"):rep(100))
  check.ok(first.queued > 90000)
end)

check.case("a slowed writer holds back who writes more than high_water", function()
  local near, far <close> = pair { rate = { write = 100000, burst = 1000 },
    high_water = 5000, low_water = 1000 }
  local written = false
  local task = spawn(function() near:write(("x"):rep(20000)) written = true end)
  check.equal(#far:read(1000, { timeout = 10 }), 1000)
  check.equal(written, false)
  check.equal(#far:read(19000, { timeout = 10 }), 19000)
  task:join()
  check.ok(written)
end)

check.case("a pipe keeps to the rates of its ends", function()
  local near, far <close> = pair()
  local other, sink <close> = pair { rate = { write = RATE } }
  spawn(function() far:write(("p"):rep(SIZE)) far:finish() end)
  local piping = spawn(function() return near:pipe(other) end)
  local started = now()
  check.equal(#sink:read "a", SIZE)
  check_pace(started, SIZE, RATE, BURST)
  check.equal(piping:join(), SIZE)
end)

check.case("close does not send more than the rate allows", function()
  local near, far <close> = pair { rate = { write = 10, burst = 10 } }
  near:write(("x"):rep(1000))
  near:close()
  check.ok(#far:read "a" <= 20)
end)

check.case("get tells it; no limit is nil", function()
  local near, far <close> = pair { rate = { read = 1000, write = 0 } }
  check.same(near:get "rate", { read = 1000 })
  near:set { rate = { read = 2.5, write = 7, burst = 64 } }
  check.same(near:get "rate", { read = 2.5, write = 7, burst = 64 })
  near:set { nodelay = false }
  check.equal(near:get("rate").write, 7)
  check.equal(far:get "rate", nil)
end)

check.case("wrong rates raise and name the option within", function()
  local near, far <close> = pair()
  local function refused(rate, pattern)
    check.raises(function() near:set { rate = rate } end, "set: " .. pattern)
  end
  refused({ raed = 1 }, "unknown option 'rate.raed', did you mean 'rate.read'%?$")
  refused({ zzzzzz = 1 }, "unknown option 'rate.zzzzzz'; help%(\"set\"%) lists them$")
  refused({ read = "fast" }, "option 'rate.read' must be a number, got string$")
  refused({ write = -2 }, "option 'rate.write' must be from %-1 to 1000000000000, got %-2$")
  refused({ burst = 0 }, "option 'rate.burst' must be at least 1, got 0$")
  refused({ 5 }, "option names are strings, got a number$")
  refused(1000, "option 'rate' must be a table, got number$")
end)

check.done()
