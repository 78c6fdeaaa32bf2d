--- What rel, pyevent and libevent's buffered events could do: shared/seeds.md 1.4, by its numbers; the
-- module rel itself is in rel_test.lua, R15 is the script rtimer.lua.
local check = require "check"
local dns = require "dns"
local fifo = require "fifo"
local http = require "http"
local pair = require "pair"
local rel = require "rel"

local PATIENCE <const> = 10  -- seconds, for what must come

check.case("R1 read and write: armed at once, only their arguments, kept by what is true in Lua", function()
  for _, name in ipairs { "read", "write" } do
    for _, value in ipairs { true, 0, "", false } do
      local both = fifo "both"
      both:write "x"
      local calls = 0
      local w
      w = rel[name](both, function(...)
        calls = calls + 1
        check.same({ n = select("#", ...), ... }, { n = 3, "a", nil, 3 })
        if calls == 2 then w:delete() end
        return value
      end, "a", nil, 3)
      check.equal(w:pending(), true)
      check.eventually(function() return calls == (value and 2 or 1) end, PATIENCE)
      sleep(0)
      check.equal(w:pending(), false)
      check.equal(w:delete(), false)
    end
  end
  local calls, both = 0, fifo "both"
  local stays = rel.write(both, function() calls = calls + 1 end):persistent()
  check.eventually(function() return calls >= 3 end, PATIENCE)
  check.equal(stays:delete(), true)
end)

check.case_here("S53 64 KiB through small socket buffers, by watchers that add themselves or stay", function()
  local data = {}
  for i = 1, 8192 do data[i] = ("%07d,"):format(i) end
  data = table.concat(data)
  for _, stays in ipairs { true, false } do
    local near, far = pair({ sendbuf = 4096, high_water = 4096, low_water = 1024 }, { recvbuf = 4096 })
    local sent, got, w, r = 0, {}, nil, nil
    w = write(near, function()
      near:write(data:sub(sent + 1, sent + 1000))
      sent = sent + 1000
      if sent >= #data then
        w:delete()
        near:shutdown()
      elseif not stays then
        w:add()
      end
    end)
    r = read(far, function()
      local piece = far:take()
      got[#got + 1] = piece
      if piece == "" then
        r:delete()
      elseif not stays then
        r:add()
      end
    end)
    if stays then w:persistent() r:persistent() end
    check.equal(dispatch(), "empty")
    check.ok(table.concat(got) == data, ("%d of %d bytes"):format(#table.concat(got), #data))
    near:close()
    far:close()
  end
end)

check.case("R1 a delay on a reader calls the same function when nothing comes", function()
  local both = fifo "both"
  local clock = check.clock()
  local w = rel.read(both, check.expect(function(word)
    clock:took(0.05, PATIENCE)
    check.equal(word, "late")
  end), "late")
  check.equal(w:add(0.05), w)
end)

check.case_here("R2 timeout: fractions, again with the same delay, un-armed by nil, moved by add", function()
  local clock, runs = check.clock(), 0
  rel.timeout(0.04, function()
    runs = runs + 1
    return runs < 3
  end)
  check.equal(rel.dispatch(), "empty")
  clock:took(0.12, PATIENCE)
  local t = rel.timeout(nil, check.expect())
  check.equal(t:pending(), false)
  t:add(60)
  check.equal(t:pending(), true)
  t:add(0.01)
  t:delete()
  t:add(0.02)
  clock = check.clock()
  check.equal(rel.dispatch(), "empty")
  clock:took(0.02, PATIENCE)
end)

local function send_to_us(name) assert(io.popen(("kill -%s $PPID"):format(name)):close()) end

check.case("R3 signal: stays whatever is returned, without its number, one call each", function()
  local calls = 0
  local s = rel.signal(10, function(...)
    calls = calls + 1
    check.same({ n = select("#", ...), ... }, { n = 1, "word" })
    return false
  end, "word")
  send_to_us "USR1"
  send_to_us "USR1"
  check.equal(rel.loop(true), 2)
  send_to_us "USR1"
  check.eventually(function() return calls == 3 end, PATIENCE)
  check.equal(s:pending(), true)
  s:delete()
end)

check.case("R4 B17 event: inert until added; told what fired, its handle and its argument", function()
  check.same({ EV_TIMEOUT, EV_READ, EV_WRITE, EV_SIGNAL, EV_PERSIST }, { 1, 2, 4, 8, 16 })
  local both, told = fifo "both", {}
  local function note(ev, handle, evtype, arg) told[#told + 1] = { ev, handle, evtype, arg } end
  local ev = rel.event(note, "arg", EV_READ | EV_WRITE, both)
  both:write "x"
  check.equal(ev:pending(), false)
  rel.loop(true)
  check.same(told, {})
  ev:add()
  check.eventually(function() return told[1] end, PATIENCE)
  check.same(told[1], { ev, both, EV_READ | EV_WRITE, "arg" })
  check.equal(ev:pending(), false, "one-shot: both halves are over")
  local pure = rel.event(note)
  pure:add()
  check.equal(pure:pending(), false)
  pure:add(0.01)
  check.eventually(function() return told[2] end, PATIENCE)
  check.same(told[2], { pure, nil, EV_TIMEOUT, nil })
end)

check.case_here("R5 B13 dispatch: until nothing is left, any number of times, after an error too", function()
  for _ = 1, 3 do
    rel.timeout(0.001, check.expect())
    check.equal(rel.dispatch(), "empty")
  end
  check.equal(rel.dispatch(), "empty")
  rel.timeout(0, function() error("bad", 0) end)
  check.equal(check.raises(rel.dispatch), "bad")
  rel.timeout(0, check.expect())
  check.equal(rel.dispatch(), "empty")
  local trouble = rel.error(pair(), print)  -- does not count
  check.equal(rel.dispatch(), "empty")
  trouble:delete()
end)

check.case("R6 loop: one pass, which waits for the first event or does not", function()
  local t = rel.timeout(0.03, check.expect())
  check.equal(rel.loop(true), 0)
  local clock, ran = check.clock(), 0
  while ran == 0 do ran = rel.loop() end
  check.equal(ran, 1)
  clock:took(0.02, PATIENCE)
  check.equal(t:pending(), false)
end)

check.case_here("R7 abort: no callback after the one that runs; a due timer has its turn in the next", function()
  local order = {}
  timeout(0, function()
    order[#order + 1] = 1
    abort()
    order[#order + 1] = "the rest of it"
  end)
  local second = timeout(0, function() order[#order + 1] = 2 end)
  check.equal(dispatch(), "abort")
  check.same(order, { 1, "the rest of it" })
  check.equal(second:pending(), true)
  check.equal(dispatch(), "empty")
  check.equal(order[3], 2)
end)

check.case_here("R8 B18 abort_branch: unwinds its callback alone; a watcher stays armed", function()
  local both = fifo "both"
  local runs, w = 0, nil
  w = rel.write(both, function()
    runs = runs + 1
    if runs == 2 then w:delete() end
    local function deeper() rel.abort_branch() end
    deeper()
    error "not reached"
  end)
  check.equal(rel.dispatch(), "empty")
  check.equal(runs, 2)
end)

check.case_here("R10 init: forgets every event; what was deleted can be made again", function()
  local both = fifo "both"
  local gone = { rel.timeout(60, print), rel.read(both, print), rel.signal("USR1", print),
    rel.event(print, nil, EV_READ, both):add(60) }
  rel.init()
  for i, each in ipairs(gone) do check.equal(each:pending(), false, "event " .. i) end
  check.equal(rel.dispatch(), "empty")
  rel.timeout(0, check.expect())
  check.equal(rel.dispatch(), "empty")
end)

check.case_here("R11 B18 initialize: in order of preference, the rest behind unless it is strict", function()
  local method = reactor.method
  for _, name in ipairs(reactor.methods()) do
    check.equal(rel.initialize { methods = { name }, options = { "strict" } }, name)
    check.equal(reactor.method, name)
  end
  local asked = { "kqueue" }
  check.ok(rel.initialize { methods = asked })  -- there or not
  check.same(asked, { "kqueue" })
  check.equal(rel.initialize { methods = { method } }, method)
  check.fails("ENOENT", rel.initialize { methods = {}, options = { "strict" } })
  check.equal(reactor.method, method, "one that fails changes nothing")
end)

check.case_here("R12 set_sleep and set_turbo bound what is added; input is never late for them", function()
  local near, far = pair()
  rel.set_sleep(0.2)
  rel.set_turbo(0.0006)
  local clock = check.clock()
  local w = rel.write(near, function() return true end)
  rel.timeout(0.05, function() w:delete() end)
  check.equal(rel.dispatch(), "empty")
  local passed, waited = clock:passed()
  check.ok(passed - waited < 0.19, ("turbo, yet %.3f s late"):format(passed - 0.05))
  rel.set_sleep(0)
  rel.set_turbo(0)
  far:close()
end)

-- --- V1: buffered events ---------------------------------------------------------------------------

check.case("V1 a connection is a buffered event: reads from its buffer, queues what is written", function()
  local near, far = pair()
  local events = {}
  near:on {
    data = function(c, bytes) events[#events + 1] = "read " .. bytes c:write(bytes:upper()) end,
    drain = function() events[#events + 1] = "write" end,
    close = function(_, why) events[#events + 1] = "close " .. why end,
  }
  far:write "abc"
  check.equal(far:read(3, { timeout = PATIENCE }), "ABC")
  near:on { data = false }  -- disable(READ): it waits in the buffer
  far:write "later"
  check.eventually(function() return near:peek() == "later" end, PATIENCE)
  check.equal(near:take(2), "la")
  near:on { data = function(_, bytes) events[#events + 1] = "read " .. bytes end }  -- and enable
  check.eventually(function() return events[2] end, PATIENCE)
  far:close()
  check.eventually(function() return events[3] end, PATIENCE)
  check.same(events, { "read abc", "read ter", "close eof" })
end)

check.case("V1 watermarks: drain when the queue has fallen to the lower one", function()
  local near, far = pair({ high_water = 100000, low_water = 1000, sendbuf = 8192 }, { recvbuf = 8192 })
  local drained = 0
  near:on { drain = function(c)
    drained = drained + 1
    check.ok(c.queued <= 1000, c.queued)
  end }
  local writer = spawn(function() return near:write(("x"):rep(1 << 20)) end)
  sleep(0)
  check.ok(near.queued > 100000)
  check.equal(drained, 0)
  check.equal(#far:read(1 << 20, { timeout = PATIENCE }), 1 << 20)
  check.equal(writer:join(PATIENCE), true)
  check.eventually(function() return drained == 1 end, PATIENCE)
end)

check.case("V1 errors and time-outs are told, and by which way they came", function()
  local near, far = pair()
  local told = {}
  near:on { error = function(_, _, code) told[#told + 1] = code end,
    close = function(_, why) told[#told + 1] = why end }
  far:abort()
  check.eventually(function() return told[2] end, PATIENCE)
  check.same(told, { "ECONNRESET", "reset" })
  local silent, other <close> = pair({ read_deadline = 0.05 })
  local why
  silent:on { close = function(_, reason) why = reason end }
  check.eventually(function() return why end, PATIENCE)
  check.equal(why, "timeout")
  local third, fourth = pair()
  third:set { timeout = 0.05 }
  check.fails("ETIMEDOUT", third:read(1))
  third:close()
  fourth:close()
end)

-- --- V2, V3 ----------------------------------------------------------------------------------------

check.case("V2 B20 look-ups with callbacks: A, AAAA, both reverse ones; what waits ends with its task", function()
  local stub = assert(io.popen("exec " .. os.getenv "DNS_STUB" .. " <<'END'\nsilent.test MANNER silent\n"
    .. "1.2.0.192.in-addr.arpa PTR four.test\n" .. ("1" .. (".0"):rep(23) .. ".8.b.d.0.1.0.0.2.ip6.arpa PTR six.test\nEND\n")))
  local usual = dns.server
  dns.server = assert(stub:read "l")
  local got = {}
  for name, ask in pairs { A = { "resolve", "localhost", "A" }, AAAA = { "resolve", "localhost", "AAAA" },
    four = { "reverse", "192.0.2.1" }, six = { "reverse", "2001:db8::1" } } do
    local words = table.pack(table.unpack(ask, 2))
    words[#words + 1] = function(answer, message) got[name] = answer and answer[1] or message end
    dns[ask[1]](table.unpack(words))
  end
  check.eventually(function() return got.A and got.AAAA and got.four and got.six end, PATIENCE)
  check.equal(got.A, "127.0.0.1")
  check.equal(got.AAAA, "::1")
  check.equal(got.four, "four.test")
  check.equal(got.six, "six.test")
  check.fails("EDNS", dns.resolve("silent.test", "A", { timeout = 0.05 }))
  local waiting = spawn(dns.resolve, "silent.test", "A")
  sleep(0.01)
  check.equal(waiting:cancel(), true)
  dns.resolve("quit.test", "A")
  stub:close()
  dns.server = usual
end)

check.case("V3 a server of applications by path, with a default one", function()
  local app = http.app()
  app:get("/one", function() return "one" end)
  app:any("/*", function(req) return "default " .. req.path end)
  local srv <close> = check.ok(listen("http://127.0.0.1:0", app))
  check.equal(http.get(srv.address .. "/one").body, "one")
  check.equal(http.get(srv.address .. "/two").body, "default /two")
  local plain <close> = check.ok(listen("http://127.0.0.1:0", function() return "hi" end))
  check.equal(http.get(plain.address).body, "hi")
  http.close_idle()
end)

check.done()
