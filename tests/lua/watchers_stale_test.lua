--- Watchers whose descriptor is closed, and what gets its number: shared/seeds.md 3.2, by its numbers.
local check = require "check"
local child = require "child"
local fifo = require "fifo"

check.case("S59 nothing stale reaches a watcher on a descriptor's successor", function()
  local old = fifo "both"
  local fresh, w
  old:write "x"
  local other = read(old, check.expect(nil, 0))
  local first
  first = read(old, function() end)
  other:delete()
  first:delete()
  first = read(old, check.expect(function()
    other:delete()
    old:close()
    fresh = fifo "both"
    w = read(fresh, check.expect(nil, 0))
  end))
  other = read(old, check.expect(nil, 0))
  sleep(0.03)
  check.equal(w:delete(), true)
  read(fresh, check.expect(function() fresh:close() end))  -- it is watched all the same
  fresh:write "x"
end)

check.case("a one-shot may close what it watched, and watch what gets its number", function()
  local old = fifo "both"
  old:write "x"
  read(old, check.expect(function()
    old:close()
    local fresh = fifo "both"
    fresh:write "y"
    read(fresh, check.expect(function() fresh:close() end))
  end))
end)

-- Runs `body` in a second moonwire; its output tells what became of watchers.
local function told(body)
  return child([[
    local function pair()
      local srv <close> = assert(listen "127.0.0.1:0")
      local near = assert(connect(srv.address))
      return near, assert(srv:accept())
    end
    local function never() print "called" end
  ]] .. body)
end

check.case("one whose descriptor is closed under it is dropped, and that is told", function()
  local output, status = told [[
    local near, far = pair()
    local w = read(near.fd, never):persistent()
    local e = event(never, nil, "read persist", near.fd)
    e:add()
    local waiting = spawn(function() print(select(3, wait(near.fd, "r"))) end)
    sleep(0)
    near:close()
    print(dispatch(), w:pending(), e:pending())
  ]]
  check.match(output, "watcher 1: descriptor %d+ was closed while it was watched\n")
  check.match(output, "event 1: descriptor %d+ was closed while it was watched\n")
  check.match(output, "EBADF\n.*empty\tfalse\tfalse\n$")
  check.ok(not output:find "called", output)
  check.equal(status, 0)
end)

check.case("... and so is one that closes it in its own callback", function()
  local output = told [[
    local near, far = pair()
    local calls = 0
    read(near.fd, function() calls = calls + 1; near:close() end):persistent()
    far:write "x"
    print(dispatch(), calls)
  ]]
  check.match(output, "watcher 1: descriptor %d+ was closed.*empty\t1\n$")
end)

check.case("what has its number afterwards is heard by its own watchers only", function()
  local output = told [[
    local near, far = pair()
    local number = near.fd
    read(number, never):persistent()
    sleep(0)
    near:close()
    local others, found = {}, nil
    while not found do
      local one, two = pair()
      others[#others + 1] = { one, two }
      for _, c in ipairs { one, two } do if c.fd == number then found = c end end
      assert(#others < 10)
    end
    local peer = others[#others][1] == found and others[#others][2] or others[#others][1]
    peer:write "for the connection"
    print(found:read())
    peer:write "for the watcher"
    local heard
    read(found.fd, function() heard = true end)
    local limit = now() + 5
    while not heard and now() < limit do sleep(0.005) end
    print(heard, found:read())
    os.exit(0)
  ]]
  check.match(output, "for the connection\ntrue\tfor the watcher\n$")
  check.ok(not output:find "called", output)
end)

check.done()
