--- Connections: what is told of them, and what ends them. The numbers are those of seeds.md 3.5.
local check = require "check"
local child = require "child"
local descriptors = require "descriptors"
local pair = require "pair"

local function server(handler) return check.ok(listen("127.0.0.1:0", handler)) end

-- --- what is told of it ---------------------------------------------------------------------------

check.case("fields and tostring tell it at a glance", function()
  local near, far = pair()
  check.equal(math.type(near.id), "integer")
  check.equal(near.id, conns[near.id].id)
  check.equal(conns[near.id], near)
  check.equal(near.peer, far.sock)
  check.equal(near.sock, far.peer)
  check.ok(near.fd > 2 and near.fd ~= far.fd)
  check.ok(near.opened <= now() and near.opened > now() - 5)
  check.equal(near.nosuch, nil)
  check.equal(tostring(near), ("connection %d (%s)"):format(near.id, near.peer))
  far:shutdown()
  check.eventually(function() return near.state == "half-closed" end)
  check.equal(tostring(near), ("connection %d (%s), half-closed"):format(near.id, near.peer))
  near:shutdown()
  check.equal(near.state, "ended")
  near:close()
  check.same({ near.state, near.fd, near.queued, near.bytes_in }, { "closed", nil, 0, 0 })
  check.match(tostring(near), ", closed$")
  check.match(near.peer, "^127%.0%.0%.1:")
  check.raises(function() near.label = "x" end, "a connection has no field 'label' to set")
  check.raises(function() near.read(far.fd) end, "connection expected, got number")
  check.raises(function() near.read(io.stdout) end, "connection expected")
end)

-- --- ending ---------------------------------------------------------------------------------------

check.case("<close> closes it at the end of the block", function()
  local near, far = pair()
  do
    local c <close> = near
    check.equal(c.state, "open")
  end
  check.equal(near.state, "closed")
  check.equal(far:read(), nil)
end)

check.case("one that only a variable held is closed when it is collected", function()
  local near, far = pair()
  local before = descriptors()
  near = nil
  collectgarbage()
  collectgarbage()
  check.equal(far:read(), nil)
  check.equal(descriptors(), before - 1)
  check.equal(near, nil)
end)

check.case("a task that reads keeps it", function()
  local near, far = pair()
  local reader
  do
    local c = near
    reader = spawn(function() return c:read "l" end)
  end
  near = nil
  sleep(0)
  collectgarbage()
  collectgarbage()
  far:write "still here\n"
  check.equal(reader:join(), "still here")
  check.equal(near, nil)
end)

check.case("when its handler returns it is finished: what is queued goes out, then it closes", function()
  local srv <close> = check.ok(listen("127.0.0.1:0", { sendbuf = 4096 }, function(c)
    c:write(("x"):rep(300000))
  end))
  local c = check.ok(connect(srv.address, { recvbuf = 4096, unread_limit = 0 }))
  sleep(0.02)
  check.equal(#c:read "a", 300000)
  local up
  local other = connect(srv.address, function() up = true end)
  check.eventually(function() return up and other.state == "closed" end)
end)

check.case("... unless a task of its own lives", function()
  local srv <close> = server(function(c)
    c:spawn(function()
      for i = 1, 3 do
        sleep(0.005)
        c:write(i)
      end
    end)
  end)
  check.equal(check.ok(connect(srv.address)):read "a", "123")
end)

check.case("... or a task waits on it", function()
  local srv <close> = server(function(c)
    spawn(function()
      for line in c:lines() do c:write(line:upper(), "\n") end
    end)
  end)
  local c = check.ok(connect(srv.address))
  for i = 1, 3 do
    c:write("line ", i, "\n")
    check.equal(c:read "l", "LINE " .. i)
    sleep(0.002)
  end
  c:shutdown()
  check.equal(c:read(), nil)  -- the task has ended: so has the connection
end)

check.case("... a spawned task that does not wait on it does not hold it", function()
  local task
  local srv <close> = server(function(c)
    task = spawn(function()
      sleep(0.03)
      return c:write "late"
    end)
  end)
  check.equal(check.ok(connect(srv.address)):read "a", "")
  check.fails("ECLOSED", task:join())
end)

check.case("... a wait that times out or is cancelled holds it no longer", function()
  for _, how in ipairs { "timeout", "cancel" } do
    local srv <close> = server(function(c)
      local reader = spawn(function()
        c:read("l", { timeout = how == "timeout" and 0.02 or nil })
        sleep(5)
      end)
      timeout(0.02, function() if how == "cancel" then reader:cancel() end end)
      timeout(1, function() reader:cancel() end)
    end)
    local clock = check.clock()
    check.equal(check.ok(connect(srv.address)):read "a", "")
    clock:took(0, 0.9)
    check.eventually(function() return #tasks() < 3 end)
  end
end)

check.case("a handler that fails costs its connection, and nothing else", function()
  local output, status = child [[
    local srv = listen("127.0.0.1:0", function(c)
      local line = c:read "l"
      if line == "fail" then local x = nil; x.y = 1 end
      c:write(line or "")
    end)
    local bad, good = connect(srv.address), connect(srv.address)
    bad:write "fail\n"
    print("bad", bad:read())
    good:write "fine\n"
    print("good", good:read "a")
    local failed
    connect(srv.address, function(c) failed = c; error { code = 7 } end)
    while not failed or failed.state ~= "closed" do sleep(0.001) end
    srv:close()
    print "on it goes"]]
  check.match(output, "connection %d+ %(127%.0%.0%.1:%d+%).-: attempt to index a nil value")
  check.match(output, "stack traceback:\n\t.-:3: in function")
  check.match(output, "bad\tnil\n")
  check.match(output, "good\tfine\n")
  check.match(output, "error object is a table value")
  check.match(output, "on it goes\n$")
  check.equal(status, 0)
end)

-- --- read_deadline ------------------------------------------------------------------------------------

check.case("read_deadline drops a connection from which nothing comes", function()
  local near, far = pair(nil, { read_deadline = 0.1 })
  local clock = check.clock()
  local reader = spawn(function() return far:read "l" end)
  for _ = 1, 5 do
    sleep(0.04)
    near:write "x"
  end
  local message = check.fails("ETIMEDOUT", reader:join())
  check.match(message, "nothing came within the read_deadline$")
  clock:took(0.3, 0.5)
  check.equal(far:take(), "xxxxx")
  check.equal(far.state, "failed")
  check.equal(near:read(), nil)
end)

check.case("read_deadline may be set, moved and taken away", function()
  local near, far = pair()
  check.equal(near:get "read_deadline", nil)
  near:set { read_deadline = 0.02 }
  check.equal(near:get "read_deadline", 0.02)
  near:set { nodelay = true }
  near:set { read_deadline = 0 }
  check.equal(near:get "read_deadline", nil)
  sleep(0.05)
  check.equal(near.state, "open")
  near:set { read_deadline = 0.02 }
  check.fails("ETIMEDOUT", near:read())
  check.equal(far:read(), nil)
end)

check.done()
