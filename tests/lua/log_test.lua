--- The module log: levels, terminal, files that rotate, the system's log, mail.
local check = require "check"
local child = require "child"
local log = require "log"
local native = require "native.system"
local process = require "process"

local moonwire = child.binary

--- A folder of its own for fn(path), where path(name) is a file in it.
local function with_folder(fn)
  local folder = os.tmpname()
  os.remove(folder)
  check.ok(os.execute("mkdir " .. folder))
  local ok, problem = pcall(fn, function(name) return folder .. "/" .. name end)
  log.file(false)
  log.terminal(true)
  log.level "debug2"
  os.execute("rm -rf " .. folder)
  if not ok then error(problem, 0) end
end

local function contents(path)
  local file <close> = io.open(path)
  return file and file:read "a"
end

check.case("a line: local time to the second, the level, the values joined by blanks", function()
  local output = child [[
local log = require "log"
log.warn("a", 1, nil, true, 2.5)
log.info()]]
  check.match(output, "^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d warn a 1 nil true 2%.5\n%d+%-%d+%-%d+ %d+:%d+:%d+ info \n$")
end)

check.case("the level is a threshold; a name that is none raises", function()
  with_folder(function(path)
    log.terminal(false)
    check.ok(log.file(path "log"))
    check.equal(log.level(), "debug2")
    check.equal(log.level "warn", "warn")
    log.error "e" log.warn "w" log.info "i" log.debug "d" log.debug2 "d2"
    log.level "debug2"
    log.debug2 "again"
    local lines = contents(path "log")
    check.match(lines, "error e\n[^\n]*warn w\n[^\n]*debug2 again\n$")
    check.equal(lines:find "info i", nil)
    check.raises(function() log.level "loud" end, 'log_test.lua:%d+: log.level: no level "loud"')
  end)
end)

check.case("an entry of several lines stays one, and control characters do not get through", function()
  with_folder(function(path)
    log.terminal(false)
    check.ok(log.file(path "log"))
    log.info "one\n2026-11-21 00:00:00 error forged\27[31m\r"
    local lines = contents(path "log")
    check.match(lines, "info one\n    2026%-11%-21 00:00:00 error forged\\x1b%[31m\\x0d\n$")
  end)
end)

check.case("S187 a file that was renamed between two messages: the second is in a new one", function()
  with_folder(function(path)
    log.terminal(false)
    check.ok(log.file(path "log"))
    log.info "first"
    check.ok(os.rename(path "log", path "log.old"))
    log.info "second"
    check.match(contents(path "log.old"), "first\n$")
    check.match(contents(path "log"), "^[^\n]*second\n$")
    check.ok(os.remove(path "log"))
    log.info "third"
    check.match(contents(path "log"), "^[^\n]*third\n$")
  end)
end)

check.case("S187 a silenced terminal still writes the file", function()
  with_folder(function(path)
    local output = child(([[
local log = require "log"
log.file %q
log.info "both"
log.terminal(false)
log.info "the file only"
log.terminal(true)
log.warn "both again"]]):format(path "log"))
    check.match(output, "^[^\n]*info both\n[^\n]*warn both again\n$")
    check.match(contents(path "log"), "^[^\n]*info both\n[^\n]*the file only\n[^\n]*warn both again\n$")
  end)
end)

check.case("connection:log goes the same way, and obeys the level", function()
  with_folder(function(path)
    log.terminal(false)
    check.ok(log.file(path "log"))
    log.level "info"
    local near, far = require "pair"()
    near:log("info", "hello", 7)
    near:log("debug", "not this")
    check.match(contents(path "log"), "^[^\n]*info " .. near.peer:gsub("%p", "%%%0") .. " hello 7\n$")
    near:close()
    far:close()
  end)
end)

check.case("rotation by size keeps so many old files, and no line is lost", function()
  with_folder(function(path)
    log.terminal(false)
    check.ok(log.file(path "log", { max_size = 200, keep = 2 }))
    for i = 1, 12 do log.info(("line %02d %s"):format(i, ("x"):rep(20))) end  -- 53 bytes each
    local all = (contents(path "log.2") or "") .. (contents(path "log.1") or "") .. contents(path "log")
    check.match(all, "line 06 .*line 07 .*line 12 x+\n$")
    check.equal(contents(path "log.3"), nil)
    for _, name in ipairs { "log", "log.1", "log.2" } do
      check.ok(#contents(path(name)) <= 200, name .. " is too large")
    end
    log.info(("y"):rep(500))
    check.match(contents(path "log"), "^[^\n]*y+\n$", "a line larger than the limit has a file of its own")
  end)
end)

check.case("rotation by time: a file of another day is put away", function()
  with_folder(function(path)
    log.terminal(false)
    local file <close> = check.ok(io.open(path "log", "w"))
    file:write "yesterday\n"
    file:close()
    check.ok(os.execute("touch -d '2 days ago' " .. path "log"))
    check.ok(log.file(path "log", { every = "day" }))
    log.info "today"
    log.info "today as well"
    check.equal(contents(path "log.1"), "yesterday\n")
    check.match(contents(path "log"), "^[^\n]*today\n[^\n]*today as well\n$")
    check.equal(contents(path "log.2"), nil)
  end)
end)

check.case("reopen, and on SIGHUP by signal(\"SIGHUP\", log.reopen)", function()
  with_folder(function(path)
    local script = path "script.lua"
    local file = check.ok(io.open(script, "w"))
    file:write(([[
local log = require "log"
log.file %q
log.terminal(false)
signal("SIGHUP", function() log.reopen() print "reopened" io.flush() end)
print "ready" io.flush()]]):format(path "log"))
    file:close()
    local p = check.ok(process.spawn { moonwire, "--poller", reactor.method, script })
    check.equal(p.stdout:read "l", "ready")
    check.ok(os.rename(path "log", path "log.old"))
    p:kill "HUP"
    check.equal(p.stdout:read "l", "reopened")
    check.equal(contents(path "log"), "", "it is there before anything is logged")
    p:kill "KILL"
    p:wait()
  end)
end)

check.case("a file that cannot be opened is a failure, and the one before goes on", function()
  with_folder(function(path)
    log.terminal(false)
    check.ok(log.file(path "log"))
    local message = check.fails("ENOENT", log.file(path "no/such/log"))
    check.match(message, "^log.file .*no/such/log: No such file")
    log.info "still here"
    check.match(contents(path "log"), "still here")
    check.raises(function() log.file(3) end, "log_test.lua:%d+: log.file: the name of a file")
    check.raises(function() log.file(path "log" .. "\0x") end, "log.file: the name of a file")
    check.raises(function() log.file(path "log", { max_sise = 3 }) end, "did you mean 'max_size'")
  end)
end)

check.case("what the file does not take is told once, and is on the terminal", function()
  local output = child [[
local log = require "log"
log.file "/dev/full"
log.terminal(false)
log.info "one"
log.info "two"]]
  local _, complaints = output:gsub("error log: cannot write /dev/full", "")
  check.equal(complaints, 1)
  check.match(output, "info one\n")
  check.match(output, "info two\n")
end)

check.case("what the shell tells is in the log: errors of tasks, attempts to reconnect", function()
  with_folder(function(path)
    local output = child(([[
local log = require "log"
log.file %q
log.terminal(false)
timeout(0, function() error "on purpose" end)
local srv = listen "127.88.0.5:0"
local address = srv.address
srv:close()
connect(address, { reconnect = { delay = 0.01, tries = 2 } }, function() end)]]):format(path "log"))
    check.match(output, "^moonwire: timer 1: [^\n]*: on purpose\n")
    check.equal(output:find("attempt", 1, true), nil, "the terminal is silenced")
    local lines = contents(path "log")
    check.match(lines, "error timer 1: %S+:4: on purpose\n    \t")
    check.match(lines, "warn connect 127[^\n]*refused; attempt 2 in 0.01 s\n")
  end)
end)

check.case("lines of JSON, in a file and on the terminal", function()
  with_folder(function(path)
    local json = require "json"
    log.terminal(false)
    check.ok(log.file(path "log", { format = "json" }))
    log.warn('say "hi"\n', "\255")
    local value = check.ok(json.decode(contents(path "log")))
    check.equal(value.level, "warn")
    check.equal(value.message, 'say "hi"\n \\xff')
    check.match(value.time, "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$")
    local output = child 'local log = require "log" log.terminal "json" log.info(1)'
    check.equal(json.decode(output).message, "1")
    check.raises(function() log.terminal "loud" end, "log.terminal: true, false or \"json\"")
  end)
end)

-- --- the system's log -----------------------------------------------------------------------------------

check.case("syslog over UDP: facility and severity, the tag, the text", function()
  local sock = check.ok(listen "udp://127.0.0.1:0")
  log.terminal(false)
  check.ok(log.syslog { address = sock.address, tag = "my app", facility = "local3", level = "warn" })
  log.error "disk full"
  log.info "not this"
  log.warn "warm"
  local first = check.ok(sock:read { timeout = 10 })
  check.match(first, "^<155>1 %d+%-%d+%-%d+T%d+:%d+:%d+Z %S+ my_app " .. process.pid() .. " %- %- disk full$")
  check.match(check.ok(sock:read { timeout = 10 }), "^<156>1 .* warm$")
  log.syslog(false)
  sock:close()
  check.raises(function() log.syslog { address = "tcp://x:1" } end, "must begin with unix: or udp://")
  check.raises(function() log.syslog { facility = "me" } end, "option 'facility'")
  log.terminal(true)
end)

check.case("syslog on a Unix socket, as syslog(3) writes; without a daemon entries are counted", function()
  with_folder(function(path)
    log.terminal(false)
    local output = child(([[
local log = require "log"
log.syslog { address = "unix:%s" }
log.terminal(false)
log.info "nobody hears"
log.info "nor this"]]):format(path "dev"))
    local _, complaints = output:gsub("error log: send %S+: No such file", "")
    check.equal(complaints, 1)
    check.match(output, "info nobody hears\n.*info nor this\n")
    check.ok(log.syslog { address = "unix:" .. path "dev", tag = "tag" })
    log.info "lost"
    local daemon = check.ok(process.spawn { "nc", "-k", "-l", "-u", "-U", path "dev" })
    check.eventually(function() return native.file_status(path "dev") end, 10)
    log.warn "heard"
    check.match(daemon.stdout:read(48, { timeout = 10 }), "^<12>%a%a%a [ %d]%d %d%d:%d%d:%d%d tag%[%d+%]: heard %(1")
    daemon:kill "KILL"
    log.syslog(false)
  end)
end)

-- --- mail -----------------------------------------------------------------------------------------------

--- A mail server that keeps the messages it gets in `mails`; `answers` to them, the last first.
local function mail_server(mails, answers)
  return check.ok(listen("127.0.0.1:0", function(c)
    c:write "220 test\r\n"
    for line in c:lines() do
      if line:find "^DATA" then
        c:write "354 go\r\n"
        mails[#mails + 1] = c:read_until "\r\n.\r\n"
        c:write(table.remove(answers or {}) or "250 taken", "\r\n")
      else
        c:write(line:find "^QUIT" and "221 bye\r\n" or "250 ok\r\n")
      end
    end
  end))
end

check.case("S187 mail goes only when both addresses are set and the level passes", function()
  local mails = {}
  local srv = mail_server(mails)
  log.terminal(false)
  for _, options in ipairs { { from = "a@example.org" }, { to = "b@example.org" } } do
    options.server = srv.address
    check.ok(log.mail(options))
    log.error "to nobody"
    check.equal(log.flush(), true)
  end
  check.ok(log.mail { from = "a@example.org", to = "b@example.org", server = srv.address, level = "warn" })
  log.info "not by mail"
  check.equal(log.flush(), true)
  check.equal(#mails, 0)
  log.warn "by mail"
  check.equal(log.flush(), true)
  check.equal(#mails, 1)
  check.match(mails[1], "Subject: moonwire: 1 message\r\n.*\r\n\r\n[%d: -]+ warn by mail$")
  log.mail(false)
  log.level "debug2"
  srv:close()
  log.terminal(true)
end)

check.case("a storm of errors is one mail with a count", function()
  local mails = {}
  local srv = mail_server(mails)
  log.terminal(false)
  check.ok(log.mail { from = "a@example.org", to = { "b@example.org", "c@example.org" },
    server = srv.address, level = "error", subject = "app", interval = 60 })
  for i = 1, 5000 do log.error "disk full" if i % 1000 == 0 then log.error("also", i) end end
  for i = 1, 200 do log.error("different", i) end
  check.eventually(function() return mails[1] end, 10)  -- by itself, after a second
  check.match(mails[1], "Subject: app: 5205 messages\r\n")
  check.match(mails[1], "error disk full %(5000 times%)\r\n")
  check.match(mails[1], "error also 5000\r\n")
  check.match(mails[1], "and 106 more$")
  log.error "one more"
  sleep(0.02)
  check.equal(#mails, 1, "the next waits for the interval")
  check.equal(log.flush(), true)
  check.match(mails[2], "app: 1 message\r\n.*error one more$")
  log.mail(false)
  srv:close()
  log.terminal(true)
end)

check.case("mail that fails is told in the log, not by mail, and goes with the next", function()
  with_folder(function(path)
    local mails = {}
    local srv = mail_server(mails, { "451 later" })
    log.terminal(false)
    check.ok(log.file(path "log"))
    check.ok(log.mail { from = "a@example.org", to = "b@example.org", server = srv.address, interval = 60 })
    log.error "first"
    check.equal(log.flush(), false)
    check.match(contents(path "log"), "error log.mail: smtp.send %S+: the message: 451 later; 1 messages wait")
    log.error "second"
    check.equal(log.flush(), true)
    check.match(mails[2], "moonwire: 2 messages\r\n.*error first\r\n.*error second$")
    log.mail(false)
    srv:close()
  end)
end)

check.case("wrong addresses for mail raise when they are given", function()
  check.raises(function() log.mail { from = "nobody", to = "b@example.org" } end, "log_test.lua:%d+: log.mail: option 'from'")
  check.raises(function() log.mail { form = "a@example.org" } end, "did you mean 'from'")
  check.raises(function() log.mail() end, "a table of options expected")
end)

check.done()
