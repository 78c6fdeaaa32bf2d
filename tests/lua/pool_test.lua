--- The global pool: connections that are lent and come back.
local check = require "check"

local PATIENCE <const> = 10  -- seconds, for what must come

local function echo_server()
  return check.ok(listen("127.0.0.1:0", function(c)
    for line in c:lines() do c:write(line:upper(), "\n") end
  end))
end

local function converse(c, word)
  c:write(word, "\n")
  return check.equal(c:read("l", { timeout = PATIENCE }), word:upper())
end

check.case("a connection comes back at the end of its block, and is used again", function()
  local srv <close> = echo_server()
  local p <close> = pool(srv.address)
  for _ = 1, 3 do
    local c <close> = check.ok(p:get())
    converse(c, "hello")
  end
  check.equal(srv.accepted, 1)
  local first <close> = check.ok(p:get())
  local second <close> = check.ok(p:get())
  check.ok(first ~= second)
  converse(second, "two")
  check.equal(srv.accepted, 2)
  check.match(tostring(p), "^pool %(127.0.0.1:%d+: 2 open, 0 idle, at most 10%)$")
end)

check.case("a connection of no pool is closed at the end of its block as ever", function()
  local srv <close> = echo_server()
  local p <close> = pool(srv.address)
  do local c <close> = check.ok(p:get()) end  -- from here on pools have had a part in closing
  local kept
  do
    local c <close> = check.ok(connect(srv.address))
    kept = c
  end
  check.equal(kept.state, "closed")
  check.equal(p:put(kept), false)
end)

check.case("who finds all lent waits, in order, and gets what comes back", function()
  local srv <close> = echo_server()
  local p <close> = pool(srv.address, { max = 1 })
  local c = check.ok(p:get())
  local order = {}
  local tasks = {}
  for i = 1, 3 do
    tasks[i] = spawn(function()
      local mine <close> = check.ok(p:get(PATIENCE))
      order[#order + 1] = i
      converse(mine, "word")
    end)
  end
  sleep(0)
  check.same(order, {})
  check.equal(p:put(c), true)
  check.equal(p:put(c), false)
  for _, task in ipairs(tasks) do task:join() end
  check.same(order, { 1, 2, 3 })
  check.equal(srv.accepted, 1)
end)

check.case("waiting has a limit, and can be cancelled; neither costs a place", function()
  local srv <close> = echo_server()
  local p <close> = pool(srv.address, { max = 1 })
  local c = check.ok(p:get())
  check.match(check.fails("ETIMEDOUT", p:get(0.01)),
    "^pool 127.0.0.1:%d+: none of 1 was free within 0.01 s$")
  local task = spawn(function() p:get() end)
  sleep(0)
  task:cancel()
  local other = spawn(function() p:get() end)
  sleep(0)
  p:put(c)        -- given to `other`, which
  other:cancel()  -- does not want it any more
  task:join()
  other:join()
  local again <close> = check.ok(p:get(PATIENCE))
  converse(again, "mine")
  check.equal(srv.accepted, 1)
end)

check.case("one that is closed, by whomever, is nobody's, and its place is free", function()
  local srv <close> = echo_server()
  local p <close> = pool(srv.address, { max = 1 })
  check.ok(p:get()):close()
  check.ok(p:get(PATIENCE)):abort()
  local failing = spawn(function()
    local c <close> = check.ok(p:get(PATIENCE))
    error("as it should", 0)
  end)
  check.equal(select(2, failing:join()), "as it should")
  local waiting = spawn(function() return p:get(PATIENCE) end)
  sleep(0)
  local lost = waiting:join()
  check.ok(lost)
  lost, waiting = nil, nil
  check.eventually(function()  -- the collector
    collectgarbage()
    return p.count == 0
  end, PATIENCE)
  do local c <close> = check.ok(p:get(PATIENCE)) end
  check.equal(srv.accepted, 5)
end)

check.case("one that has ended while it was idle, or has bytes unread, is not lent again", function()
  local peers = {}
  local srv <close> = check.ok(listen("127.0.0.1:0", function(c)
    peers[#peers + 1] = c
    c:read "a"
  end))
  local p <close> = pool(srv.address)
  do local c <close> = check.ok(p:get()) end
  check.eventually(function() return peers[1] end, PATIENCE)
  peers[1]:write "unasked"
  check.eventually(function() return p.idle[1]:peek() == "unasked" end, PATIENCE)
  do local c <close> = check.ok(p:get()) end
  check.eventually(function() return peers[2] end, PATIENCE)
  peers[2]:close()
  check.eventually(function() return p.idle[1].state ~= "open" end, PATIENCE)
  do local c <close> = check.ok(p:get()) end
  check.equal(p.count, 1)
  check.eventually(function() return srv.accepted == 3 end, PATIENCE)
end)

check.case("a server that is not there is told, and costs no place", function()
  local p <close> = pool("127.83.6.2:1", { max = 1 })
  check.fails("ECONNREFUSED", p:get())
  check.fails("ECONNREFUSED", p:get())
  check.equal(p.count, 0)
end)

check.case("a closed pool lends nothing more; what was lent ends when it comes back", function()
  local srv <close> = echo_server()
  local p = pool(srv.address)
  local c = check.ok(p:get())
  do local idle <close> = check.ok(p:get()) end
  check.equal(p:close(), true)
  check.equal(p:close(), false)
  check.fails("ECLOSED", p:get())
  converse(c, "still")
  p:put(c)
  check.equal(c.state, "closed")
end)

check.case("who waits for a pool that is closed is told", function()
  local srv <close> = echo_server()
  local p = pool(srv.address, { max = 1 })
  local c <close> = check.ok(p:get())
  local task = spawn(function() return p:get(PATIENCE) end)
  sleep(0)
  p:close()
  check.match(check.fails("ECLOSED", task:join()), "^pool 127.0.0.1:%d+: closed$")
end)

check.case("a pool that nobody has is collected, and what is idle with it", function()
  local srv <close> = echo_server()
  local p = pool(srv.address)
  local c = check.ok(p:get())
  do local idle <close> = check.ok(p:get()) end
  check.eventually(function() return srv.open == 2 end, PATIENCE)
  p = nil
  c = nil
  check.eventually(function()
    collectgarbage()
    return srv.open == 0
  end, PATIENCE)
end)

check.case("misuse raises where it happens", function()
  check.raises(function() pool() end, "pool_test.lua:%d+: pool: an address expected, got nil")
  check.raises(function() pool("a:1", 5) end, "pool_test.lua:%d+: pool: a table of options expected")
  check.raises(function() pool("a:1", { max = 0 }) end, "pool_test.lua:%d+: pool: option 'max' must be")
  local p = pool("127.83.6.2:1", { mxa = 1 })
  check.raises(function() p:get() end, "unknown option 'mxa'")
  check.equal(p.count, 0)
  check.raises(function() p:get(-1) end, "pool_test.lua:%d+: pool:get: a number of seconds expected, got %-1")
end)

check.done()
