--- The module process: programs as children, their streams as connections.
local check = require "check"
local child = require "child"
local pair = require "pair"
local process = require "process"

local function start(...) return check.ok(process.spawn(...)) end

--- What `command` prints, and how it ended.
local function output_of(command)
  local p = start(command)
  p.stdin:finish()
  local text = p.stdout:read "a"
  return text, p:wait()
end

--- Descriptors and zombies of this very process.
local function own(command) return (check.ok(process.run { "sh", "-c", command })) end
local pid = own("echo $PPID"):match "%d+"
local function descriptors()
  collectgarbage()  -- what earlier cases have dropped
  return tonumber(own("ls /proc/" .. pid .. "/fd | wc -l"))
end
local function zombies() return own("ps -o stat= --ppid " .. pid .. " | grep -c ^Z"):match "%d+" end

check.case("a program reads what we write and we read what it prints, both ways", function()
  local p = start { "cat" }
  check.ok(math.type(p.pid) == "integer" and p.pid > 1, "pid")
  check.equal(p.running, true)
  check.equal(p:status(), "running")
  p.stdin:write("one\n", "two\n")
  check.equal(p.stdout:read "l", "one")
  check.equal(p.stdout:read "l", "two")
  p.stdin:finish "three"
  check.equal(p.stdout:read "a", "three")
  check.equal(p.stdout:read(), nil)
  check.same({ p:wait() }, { true, "exit", 0 })
  check.same({ p:status() }, { true, "exit", 0 })
  check.equal(p.running, false)
  check.match(tostring(p), "^process %d+: cat %(pid %d+%), exit 0$")
end)

check.case("what is started is all that comes back, with no nils behind it", function()
  check.equal(select("#", process.spawn "true"), 1)
end)

check.case("10 MB through cat, both ways at once", function()
  local p = start { "cat" }
  local sent = {}
  for i = 1, 160 do sent[i] = (string.char(i)):rep(65536) end
  sent = table.concat(sent)
  local writer = spawn(function()
    for at = 1, #sent, 100000 do check.ok(p.stdin:write(sent:sub(at, at + 99999))) end
    p.stdin:finish()
  end)
  local got = check.ok(p.stdout:read "a")
  check.ok(got == sent, "what came back is not what was sent")
  writer:join()
  check.equal(p:wait(), true)
end)

check.case("shutdown, and a pipe into it, end its input", function()
  local p = start { "cat" }
  p.stdin:write "x"
  p.stdin:shutdown()
  check.equal(p.stdout:read "a", "x")
  check.fails("ECLOSED", p.stdin:write "y")
  local near, far = pair()
  local q = start { "tr", "a-z", "A-Z" }
  local pump = spawn(function() return far:pipe(q.stdin) end)
  near:write "hello"
  near:finish()
  check.equal(q.stdout:read "a", "HELLO")
  check.equal(pump:join(), 5)
  far:close()
end)

check.case("hooks work on the streams, and an end closes them", function()
  local seen = {}
  local p = start { "printf", "a\\nb\\n" }
  p.stdout:frame "line"
  p.stdout:on { data = function(_, line) seen[#seen + 1] = line end,
    close = check.expect(function(_, reason) check.equal(reason, "eof") end) }
  p.stdin:on { close = check.expect(function(_, reason) check.equal(reason, "closed") end) }
  p:wait()
  check.eventually(function() return #seen == 2 end)
  check.same(seen, { "a", "b" })
  check.equal(p.stdin.state, "open")
  p.stdin:close()
end)

check.case("exit statuses and signals, as os.execute tells them", function()
  check.same({ start("exit 3"):wait() }, { nil, "exit", 3 })
  check.same({ start { "true" }:wait() }, { true, "exit", 0 })
  check.same({ start("kill -USR1 $$"):wait() }, { nil, "signal", 10 })
  local p = start { "sleep", 60 }
  check.fails("ETIMEDOUT", p:wait(0.01))
  check.match(select(2, p:wait(0)), "^wait sleep %(pid %d+%): ")
  check.equal(p:kill(), true)
  check.same({ p:wait() }, { nil, "signal", 15 })
  check.match(tostring(p), "SIGTERM$")
  check.fails("ESRCH", p:kill())
  for _, name in ipairs { "INT", "SIGINT", "sigint", 2 } do
    local q = start { "sleep", 60 }
    check.equal(q:kill(name), true)
    check.same({ q:wait() }, { nil, "signal", 2 })
  end
  local q = start { "cat" }
  check.fails("EINVAL", q:kill "NOSUCH")
  check.fails("EINVAL", q:kill(4711))
  q:kill "KILL"
end)

check.case("a kill reaches what a shell command started as well", function()
  local p = start "sleep 60 & sleep 60 & echo started; wait"
  check.equal(p.stdout:read "l", "started")
  p:kill()
  check.equal(p.stdout:read "a", "")  -- ends when the last of them has gone
  check.same({ p:wait() }, { nil, "signal", 15 })
end)

check.case("what cannot be started says what, and why", function()
  local message = check.fails("ENOENT", process.spawn { "no-such-program", "x" })
  check.match(message, "^spawn no%-such%-program: ")
  check.fails("ENOENT", process.spawn { "./no-such-program" })
  check.fails("EACCES", process.spawn { "/etc/passwd" })
  message = check.fails("ENOENT", process.spawn { "cat", cwd = "/no/such/folder" })
  check.match(message, "^spawn cat: directory /no/such/folder: ")
  check.fails("EBADF", process.spawn { "cat", stdin = 999 })
  check.fails("EINVAL", process.spawn { "cat", "a\0b" })
  check.fails("ENOENT", process.spawn { "sh", clear_env = true, env = { PATH = "/nowhere" } })
  check.fails("ENOENT", process.run { "no-such-program" })
end)

check.case("mistakes raise where they are made", function()
  local function bad(pattern, ...)
    local arguments = { ... }
    check.raises(function() process.spawn(table.unpack(arguments)) end, pattern)
  end
  bad "process_test.lua:%d+: process.spawn: a command, a string or a table, expected, got nil"
  bad("process_test.lua:%d+: process.spawn: the command is empty", {})
  bad("process_test.lua:%d+: process.spawn: unknown option 'cdw', did you mean 'cwd'", { "cat", cdw = "/" })
  bad("option 'stdin' must be .*got \"pip\"", { "cat", stdin = "pip" })
  bad("option 'stdout' must be", { "cat", stdout = true })
  bad("option 'env' must be a table, got string", { "cat", env = "x" })
  bad("process_test.lua:%d+: process.spawn: no name of a variable: A=B", { "cat", env = { ["A=B"] = "x" } })
  bad("variable A is a table, not a string", { "cat", env = { A = {} } })
  bad("argument 2 is a table, not a string", { "cat", {} })
  check.raises(function() process.run { "cat", inptu = "x" } end,
    "process_test.lua:%d+: process.run: unknown option 'inptu', did you mean 'input'")
  check.raises(function() process.run { "cat", env = 1 } end,
    "process_test.lua:%d+: process.run: option 'env' must be a table")
end)

check.case("cwd and env", function()
  check.equal(output_of { "pwd", cwd = "/" }, "/\n")
  check.equal(output_of { "sh", "-c", "echo $A$B$HOME", env = { A = "1", B = 2, HOME = false } },
    "12\n")
  check.equal(output_of { "env", clear_env = true, env = { ONLY = "this" } }, "ONLY=this\n")
  check.ok(#output_of { "env" } > 10, "the environment comes along")
end)

check.case("stderr beside stdout, into it, nowhere", function()
  local both = "echo out; echo err >&2"
  local p = start(both)
  check.equal(p.stdout:read "a", "out\n")
  check.equal(p.stderr:read "a", "err\n")
  p = start { "sh", "-c", both, stderr = "stdout" }
  check.equal(p.stderr, nil)
  check.equal(p.stdout:read "a", "out\nerr\n")
  p = start { "sh", "-c", both .. "; cat", stdin = "null", stderr = "null" }
  check.equal(p.stdin, nil)
  check.equal(p.stdout:read "a", "out\n")
end)

check.case("a file, a pipe and a client become a program's streams", function()
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write "first\n"
  check.equal(start { "echo", "second", stdout = file }:wait(), true)
  file:close()
  file = assert(io.open(path))
  check.equal(output_of { "cat", path }, "first\nsecond\n")
  local p = start { "sort", "-r", stdin = file }
  file:close()
  check.equal(p.stdout:read "a", "second\nfirst\n")
  os.remove(path)
  local words = start { "printf", "b\\na\\n" }
  local sorted = start { "sort", stdin = words.stdout }
  check.equal(words.stdout.state, "closed")
  check.equal(sorted.stdout:read "a", "a\nb\n")
  local near, far = pair()
  local echo = start { "cat", stdin = far, stdout = far }
  check.fails("ECLOSED", far:write "x")
  near:write "through cat\n"
  check.equal(near:read "l", "through cat")
  near:shutdown()
  check.equal(near:read "a", "")
  check.equal(echo:wait(), true)
  near:close()
end)

check.case("a connection with bytes that would be lost is refused", function()
  local near, far = pair()
  near:write "early"
  check.eventually(function() return far:peek() == "early" end)
  local message = check.fails("EBUSY", process.spawn { "cat", stdin = far })
  check.match(message, "cannot be stdin: bytes were read from it and not taken")
  near:close()
  far:close()
end)

check.case("a program that closes its input gives EPIPE, and no death", function()
  local p = start "exec <&-; echo closed; exec sleep 60"
  check.equal(p.stdout:read "l", "closed")
  local function failed()
    local ok, message, code = p.stdin:write "x"
    if ok then return sleep(0.005) end
    check.match(message, "stdin of .* %(pid %d+%): ")
    return code
  end
  check.equal(check.eventually(failed), "EPIPE")
  p:kill()
  check.same({ p:wait() }, { nil, "signal", 15 })
end)

check.case("a hundred at once", function()
  local before = descriptors()
  local all, tasks = {}, {}
  for i = 1, 100 do
    all[i] = start { "sh", "-c", "read x; echo $x; exit " .. i, stderr = "null" }
  end
  for i, p in ipairs(all) do
    tasks[i] = spawn(function()
      p.stdin:write(i, "\n")
      local text = p.stdout:read "a"
      local _, how, code = p:wait()
      p.stdin:close()
      p.stdout:close()
      return text, how, code
    end)
  end
  for i, task in ipairs(tasks) do check.same({ task:join() }, { i .. "\n", "exit", i }) end
  check.eventually(function() return descriptors() <= before + 9 end, 5, "descriptors")
  check.equal(zombies(), "0", "zombies")
end)

check.case("no descriptor of ours is seen in a program", function()
  local srv <close> = listen(0)
  local c <close> = connect(srv.address)
  local other = start { "cat" }
  local text = output_of "ls /proc/$$/fd"
  check.equal(text, "0\n1\n2\n")
  other.stdin:finish()
  other:wait()
end)

check.case("neither signals that we ignore nor those that we block", function()
  local usr = signal("USR1", print)
  local text = output_of { "cat", "/proc/self/status" }
  for name, mask in text:gmatch "Sig([BI]%a+):%s*(%x+)" do
    check.equal(tonumber(mask, 16), 0, name)
  end
  usr:delete()
end)

check.case("many tasks wait for one, a cancelled one does not", function()
  local p = start { "cat" }
  local tasks = {}
  for i = 1, 3 do tasks[i] = spawn(function() return p:wait() end) end
  sleep(0)
  tasks[2]:cancel()
  check.same({ tasks[2]:join() }, { nil, "cancelled" })
  p.stdin:finish()
  check.same({ tasks[1]:join() }, { true, "exit", 0 })
  check.same({ tasks[3]:join() }, { true, "exit", 0 })
end)

check.case("a session of its own", function()
  local text = own("ps -o sid= -p " .. pid)
  local mine = tonumber(text)
  check.equal(tonumber((output_of { "sh", "-c", "ps -o sid= -p $$" })), mine)
  local p = start { "sh", "-c", "ps -o sid= -p $$", detached = true }
  check.equal(tonumber((p.stdout:read "a")), p.pid)
end)

check.case("a writer that waits for a program hears of its end", function()
  local p = start { "sleep", 60 }
  timeout(0.02, function() p:kill() end)
  check.fails("EPIPE", p.stdin:write(("x"):rep(5000000)))
  check.equal(p.stdin.state, "failed")
end)

check.case("killed during a wait", function()
  local p = start { "sleep", 60 }
  timeout(0.01, function() p:kill "HUP" end)
  check.same({ p:wait() }, { nil, "signal", 1 })
end)

check.case("one that nobody has any more is reaped, and its end told to nobody", function()
  start { "cat" }
  start { "true" }
  check.eventually(function()
    collectgarbage()
    return zombies() == "0"
  end)
end)

check.case("run: output, errors, status", function()
  check.same({ process.run "echo out; echo err >&2; exit 4" }, { "out\n", "err\n", 4 })
  local long = ("0123456789"):rep(1000000)
  check.same({ process.run { "cat", input = long } }, { long, "", 0 })
  check.same({ process.run { "true", input = long } }, { "", "", 0 })
  check.same({ process.run "kill -9 $$" }, { "", "", 137 })
  check.same({ process.run { "sh", "-c", "echo a; echo b >&2", stderr = "stdout" } },
    { "a\nb\n", "", 0 })
end)

check.case("run: what prints too much or takes too long is killed, and so if cancelled", function()
  check.fails("EMSGSIZE", process.run { "yes", max = 10000 })
  check.fails("ETIMEDOUT", process.run { "sleep", "60", timeout = 0.05 })
  local task = spawn(function() process.run "sleep 61" end)
  check.eventually(function() return own("ps -o args= --ppid " .. pid):find "sleep 61" end)
  task:cancel()
  check.eventually(function() return not own("ps -o args= --ppid " .. pid):find "sleep 61" end)
end)

check.case("a program is left alone at our end, which does not wait for it", function()
  local began = now()
  local output = child [[
    local process = require "process"
    local p = process.spawn { "sleep", 61, stdin = "null", stdout = "null", stderr = "null" }
    io.write(p.pid)]]
  check.ok(now() - began < 30, "it waited")
  check.equal(os.execute("kill " .. output), true)
end)

check.case("whoever waits keeps us going", function()
  check.equal(child [[
    local process = require "process"
    local p = process.spawn "sleep 0.05; exit 7"
    spawn(function() print(p:wait()) end)]], "nil\texit\t7\n")
end)

check.case("inherited streams, after what was printed before", function()
  check.equal(child [[
    local process = require "process"
    io.write "before\n"
    process.spawn { "echo", "inside", stdout = "inherit" }:wait()
    print "between"
    process.spawn { "echo", "again", stdout = io.stderr }:wait()
    print "after"]], "before\ninside\nbetween\nagain\nafter\n")
end)

--- Runs `script` with `input`, through a shell that gives it as `how` says.
local function with_input(script, how)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(script)
  file:close()
  local text = process.run(how:gsub("MOONWIRE", function() return child.command(path) end))
  os.remove(path)
  return text
end

local LINES <const> = [[
  local input = assert(require "process".stdin())
  for line in input:lines() do print("<" .. line .. ">") end
  print(select(3, require "process".stdin()))]]

check.case("stdin as a connection: a pipe, a file, nothing", function()
  local want = "<a>\n<b>\nEBUSY\n"
  check.equal(with_input(LINES, "(echo a; sleep 0.02; echo b) | MOONWIRE"), want)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write "skipped\na\nb\n"
  file:close()
  check.equal(with_input(LINES, "{ read x; MOONWIRE; } <" .. path), want)
  os.remove(path)
  check.equal(with_input(LINES, "MOONWIRE </dev/null"), "EBUSY\n")
  check.match(with_input(LINES, "MOONWIRE <&-"), "descriptor 0: it was closed")
end)

check.case("stdin as a connection: a client", function()
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(LINES)
  file:close()
  local near, far = pair()
  local p = start { "sh", "-c", child.command(path), stdin = far }
  near:write "a\n"
  check.equal(p.stdout:read "l", "<a>")
  near:finish "b\n"
  check.equal(p.stdout:read "a", "<b>\nEBUSY\n")
  check.equal(p:wait(), true)
  os.remove(path)
end)

check.case("fd://0 does not become non-blocking for those who share it", function()
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write [[
    local c = assert(connect "fd://0")
    c:write((require "process".run "grep flags /proc/$PPID/fdinfo/0"))
    c:write(c:read "l")
    c:finish()]]
  file:close()
  local near, far = pair()
  local p = start { "sh", "-c", child.command(path), stdin = far, stdout = "inherit" }
  local flags = check.match(near:read "l", "flags:%s*(%d+)")
  check.equal(tonumber(flags, 8) & tonumber("4000", 8), 0, "O_NONBLOCK")
  near:write "echoed\n"
  check.equal(near:read "a", "echoed")
  near:close()
  check.equal(p:wait(), true)
  os.remove(path)
end)

check.case("stdin after io.read: what was read ahead is not lost", function()
  check.equal(with_input([[print(io.read())]] .. LINES, "printf 'x\\na\\nb\\n' | MOONWIRE"),
    "x\n<a>\n<b>\nEBUSY\n")
end)

check.case("stdin does not become non-blocking for those who share it", function()
  local text = with_input([[
    local process = require "process"
    local input = assert(process.stdin())
    print((process.run "grep flags /proc/$PPID/fdinfo/0"))]], "sleep 0.2 | MOONWIRE")
  local flags = tonumber(check.match(text, "flags:%s*(%d+)"), 8)
  check.equal(flags & tonumber("4000", 8), 0, "O_NONBLOCK")
end)

check.done()
