#!/usr/bin/env moonwire
-- watch.lua FILE...: dez's inotify: tells when a file has changed, until SIGINT. One that is replaced,
-- as editors do, is watched on.
if not arg[1] then
  io.stderr:write "usage: watch.lua FILE...\n"
  os.exit(2)
end

local fs = require "fs"
for _, path in ipairs(arg) do
  assert(fs.watch(path, function(changed)
    print("changed: " .. changed)
    io.stdout:flush()
  end))
end
print "watching"
io.stdout:flush()
signal("SIGINT", abort)
dispatch()
