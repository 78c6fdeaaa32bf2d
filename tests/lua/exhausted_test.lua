--- A machine that has no more: no descriptors, no memory, no time. Each script runs in a child under
-- a limit of the shell's.
local check = require "check"
local child = require "child"
local process = require "process"

--- What `script` prints under `limit`, a command of the shell; `options` come before it.
local function under(limit, script, options)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(script)
  file:close()
  local text = check.ok(process.run(("%s; %s --poller %s %s %s 2>&1; exit 0"):format(
    limit, child.binary, reactor.method, options or "", path)))
  os.remove(path)
  return text
end

local FEW <const> = "ulimit -n 40"

-- fill() takes all descriptors; free() gives some back.
local FILL <const> = [[
  local held = {}
  local function fill() repeat held[#held + 1] = io.open "/dev/null" until not held[#held + 1] and
    not io.open "/dev/null" end
  local function free(count) for _ = 1, count do table.remove(held):close() end end
]]

--- Address space for 60 MB; sanitizers take more before they begin, and descriptors for their checks.
local LITTLE <const> = "ulimit -v 100000"
local function case_of_limits(name, fn)
  if under(LITTLE, "print 'runs'") == "runs\n" then return check.case(name, fn) end
  print("skipped, since this program has sanitizers: " .. name)
end

case_of_limits("without descriptors each call tells what failed, and works when there are some", function()
  check.equal(under(FEW, FILL .. [[
    local fs, http, process = require "fs", require "http", require "process"
    local srv = listen("http://127.0.0.1:0", function() return "hello" end)
    local function tell(ok, message, code)
      print(code .. ", " .. tostring(message):gsub("127%.0%.0%.1:%d+", "ADDRESS"))
      return ok
    end
    local function nothing() end
    fill()
    tell(listen("127.0.0.1:0", nothing))
    tell(listen("udp://127.0.0.1:0", nothing))
    tell(connect(srv.address:sub(8)))
    tell(http.get(srv.address .. "/"))
    tell(fs.watch("/dev", nothing))
    tell(process.spawn "true")
    tell(process.spawn { "true", stdin = "null" })
    local worker, refused = thread(nothing)
    if worker then refused = select(2, worker:join()) end
    print(refused:match "Too many open files$")  -- "thread: poller epoll: ", "eventfd: "
    free(12)
    print(http.get(srv.address .. "/").body)
    print((process.spawn "true":wait()))
    print(thread(function() return "done" end):join())
    os.exit()]]), [[
EMFILE, listen ADDRESS: Too many open files
EMFILE, listen ADDRESS: Too many open files
EMFILE, connect ADDRESS: Too many open files
EMFILE, http.get http://ADDRESS/: connect ADDRESS: Too many open files
EMFILE, fs.watch /dev: Too many open files
EMFILE, spawn true: Too many open files
EMFILE, spawn /dev/null: Too many open files
Too many open files
hello
true
done
]])
end)

check.case("a log that can be rotated but not opened keeps what it has, once", function()
  local folder = os.tmpname()
  os.remove(folder)
  check.ok(os.execute("mkdir " .. folder))
  check.match(under(FEW, FILL .. ([[
    local log = require "log"
    log.terminal(false)
    log.file(%q, { max_size = 60, keep = 3 })
    for i = 1, 4 do log.info(i, ("x"):rep(30)) end
    fill()
    for i = 5, 12 do log.info(i, ("x"):rep(30)) end
    free(2)
    log.info(13)]]):format(folder .. "/log")), "error log: log.file %S+/log: Too many open files\n$")
  local lines = {}
  for _, name in ipairs { "log.3", "log.2", "log.1", "log" } do
    for line in io.lines(folder .. "/" .. name) do lines[#lines + 1] = line:match "info (%d+)" end
  end
  os.execute("rm -r " .. folder)
  check.equal(table.concat(lines, " "), "2 3 4 5 6 7 8 9 10 11 12 13")
end)

case_of_limits("what does not fit costs its connection, and what came is kept", function()
  check.equal(under(LITTLE, [[
    local srv = listen("127.0.0.1:0")
    local near = connect(srv.address)
    local far = srv:accept()
    srv:close()
    local writer = spawn(function()
      local piece = ("x"):rep(1000000)
      repeat local ok = near:write(piece) until not ok
    end)
    local _, message, code = far:read(90000000, { max = 100000000 })
    print(code, (message:gsub("%d+%.%d+%.%d+%.%d+:%d+", "ADDRESS")))
    print(far.state, #far:peek() > 10000000)
    writer:join()
    print((require "process".run "echo on"))]]),
    "ENOMEM\tread ADDRESS: Cannot allocate memory\nfailed\ttrue\non\n\n")
end)

case_of_limits("a write that does not fit fails, and ends its connection rather than leave a gap", function()
  check.equal(under(LITTLE, [[
    local srv = listen("127.0.0.1:0")
    local near = connect(srv.address, { high_water = 1000000000 })
    local far = srv:accept()
    srv:close()
    local piece, ok, message, code = ("x"):rep(10000000), true, nil, nil
    repeat ok, message, code = near:write(piece, "end") until not ok
    print(code, (message:gsub("%d+%.%d+%.%d+%.%d+:%d+", "ADDRESS")))
    print(near:write "more")
    near = nil
    local count = 0
    repeat
      local bytes, why = far:read()
      count = count + #(bytes or "")
    until not bytes
    print(count % 10000003 ~= 0)]]):gsub("127%S+:%d+", "ADDRESS"),
    "ENOMEM\twrite ADDRESS: Cannot allocate memory\n" ..
    "nil\twrite ADDRESS: Cannot allocate memory\tENOMEM\ntrue\n")
end)

case_of_limits("a prompt goes on, and can give back what filled the memory", function()
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write [[
t = {} while true do t[#t + 1] = { #t } end
print(#t > 1000, timeout(0.001, function() print "tick" end)) sleep(0.01)
t = nil collectgarbage()
srv = listen("127.0.0.1:0", function(c) c:write(c:read "l":upper()) end)
c = connect(srv.address) c:write "well\n" print(c:read "a")
]]
  file:close()
  local text = under(LITTLE .. "; exec <" .. path, "", "-i -q -E")
  os.remove(path)
  check.match(text, "not enough memory.*true\ttimer 1.*tick\n.*WELL\n")
  check.equal(select(2, text:gsub("not enough memory", "")), 1)
end)

check.case("signals end a script that has many tasks, each soon at its wait", function()
  for signal, status in pairs { INT = 130, TERM = 143 } do
    local path = os.tmpname()
    local file <close> = assert(io.open(path, "w"))
    file:write [[
      for i = 1, 4000 do
        spawn(function()
          if i == 1 then print "begun" end
          local began = now()
          repeat until now() - began > 0.02
        end)
      end]]
    file:close()
    local p = check.ok(process.spawn { child.binary, "--poller", reactor.method, path })
    check.equal(p.stdout:read "l", "begun")
    check.ok(p:kill(signal))
    check.same({ p:wait(10) }, { nil, "exit", status }, signal)
    os.remove(path)
  end
end)

check.done()
