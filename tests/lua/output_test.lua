--- print and io.write towards a pipe that is read slowly, or not at all: the script goes on, and
-- nothing is lost.
local check = require "check"
local process = require "process"

local first = 0
while arg[first - 1] do first = first - 1 end
local binary = arg[first]  -- the one that runs this

--- A script in a second moonwire, whose standard output nobody reads until the case does.
local function start(script)
  local p = check.ok(process.spawn { binary, "--poller", reactor.method, "-e", script })
  p.stdout:set { unread_limit = 0 }
  return p
end

--- All of its output from here on.
local function rest(p)
  p.stdout:set { unread_limit = 1 << 20 }
  return check.ok(p.stdout:read "a")
end

local function numbers(count)
  local lines = {}
  for i = 1, count do lines[i] = i .. "\n" end
  return table.concat(lines)
end

check.case("a script whose output nobody reads goes on serving", function()
  local p = start [[
    local srv = listen("127.0.0.1:0", function(c) c:write "alive" end)
    io.stderr:write(srv.address, "\n")
    timeout(0, function() print(("x"):rep(10000)) return true end) ]]
  local address = check.ok(p.stderr:read("l", { timeout = 5 }))
  for _ = 1, 20 do
    local c <close> = check.ok(connect(address))
    check.equal(c:read "a", "alive")
  end
  p:kill "KILL"
  p:wait()
end)

check.case("who prints waits, and all of it comes in order", function()
  local p = start [[
    for i = 1, 100000 do print(i) end
    for i = 100001, 200000 do io.write(i, "\n") end
    for i = 200001, 300000 do io.stdout:write(i, "\n") end
    io.stderr:write "done" ]]
  check.fails("ETIMEDOUT", p.stderr:read(4, { timeout = 0.05 }))
  check.ok(rest(p) == numbers(300000))
  check.equal(p.stderr:read(4, { timeout = 5 }), "done")
  check.equal(p:wait(5), true)
end)

check.case("where nothing can wait the program does, and all of it comes", function()
  local p = start [[
    local i = 0
    table.sort({ 2, 1 }, function(a, b)
      while i < 400000 do i = i + 1 print(i) end
      return a < b
    end) ]]
  check.ok(rest(p) == numbers(400000))
  check.equal(p:wait(5), true)
end)

check.case("SIGTERM ends it all the same", function()
  local p = start [[
    timeout(0, function() print(("x"):rep(10000)) return true end)
    io.stderr:write "started" ]]
  check.equal(p.stderr:read(7, { timeout = 5 }), "started")
  p:kill "TERM"
  check.same({ p:wait(5) }, { [2] = "exit", [3] = 143 })
end)

check.done()
