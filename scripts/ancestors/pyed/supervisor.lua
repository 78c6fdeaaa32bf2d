#!/usr/bin/env moonwire
-- supervisor.lua [-d] ADDRESS [PROCESSES [FOLDER]]: PYED's supervisor: an echo server in several worker
-- processes on one port, with app.pid and app.log in FOLDER (the working one). -d: as a daemon. Signals:
-- QUIT ends gracefully, INT and TERM at once, USR1 opens the log anew, HUP and USR2 reload this script.
local log, workers = require "log", require "workers"

local words = table.move(arg, 1, #arg, 1, {})
local daemon = words[1] == "-d" and table.remove(words, 1) ~= nil
local address, processes, folder = words[1], math.tointeger(tonumber(words[2] or 2)), words[3] or "."
assert(address and processes, "usage: supervisor.lua [-d] ADDRESS [PROCESSES [FOLDER]]")

assert(log.file(folder .. "/app.log", { max_size = 10 * 1024 * 1024, keep = 3 }))
log.terminal(not daemon)
local options = { processes = processes, daemon = daemon, pid_file = folder .. "/app.pid" }
assert(workers.run(options, function(number)
  local server = assert(listen(address, { reuseport = true }, function(c)
    for line in c:lines() do c:write(number, ": ", line, "\n") end
  end))
  log.info(("worker %d listens on %s"):format(number, server.address))
end))
