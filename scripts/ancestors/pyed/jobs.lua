#!/usr/bin/env moonwire
-- jobs.lua ADDRESS JOB...: what PYED's master does beside its workers: jobs as cron has them, and a port for
-- commands. A JOB is "every SECONDS COMMAND" or "at HH:MM COMMAND". The port serves one client at a time,
-- others are closed; commands are "list", "run NUMBER" and "stop", each is answered within 5 seconds.
local log, process = require "log", require "process"
local ANSWER <const> = 5  -- seconds

local DAY <const> = 24 * 60 * 60

--- Seconds until the clock on the wall says so; a whole day if it does now.
local function until_time(hour, minute)
  local today = os.date "*t"
  today.hour, today.min, today.sec = hour, minute, 0
  local seconds = os.time(today) - os.time()
  return seconds > 0 and seconds or seconds + DAY
end

local function parse(text)
  local seconds, command = text:match "^every ([%d.]+) (.+)$"
  if tonumber(seconds) then
    return { command = command, delay = function() return tonumber(seconds) end }
  end
  local hour, minute
  hour, minute, command = text:match "^at (%d%d):(%d%d) (.+)$"
  assert(command, "usage: jobs.lua ADDRESS JOB...; a JOB: every SECONDS COMMAND, at HH:MM COMMAND")
  return { command = command, delay = function() return until_time(tonumber(hour), tonumber(minute)) end }
end

local function run(job)
  local output, trouble, status = process.run(job.command)
  job.runs = job.runs + 1
  job.last = output and status == 0 and "well" or "failed"
  if job.last == "failed" then log.warn(("%s: %s"):format(job.command, output and status or trouble)) end
  return job.last
end

local jobs = {}
for i = 2, #arg do
  local job = parse(arg[i])
  job.runs, job.last = 0, "never"
  jobs[#jobs + 1] = job
  spawn(function()
    while true do
      sleep(job.delay())
      run(job)
    end
  end)
end

local commands = {}

function commands.list()
  local lines = {}
  for i, job in ipairs(jobs) do
    lines[i] = ("%d: %s: %d times, %s"):format(i, job.command, job.runs, job.last)
  end
  return table.concat(lines, "\n")
end

commands["run"] = function(number)
  local job = jobs[math.tointeger(tonumber(number))]
  return job and run(job) or "no such job"
end

function commands.stop()
  timeout(0, abort)
  return "stopping"
end

local function answer(line)
  local word, rest = line:match "^(%S+)%s*(.*)$"
  if not commands[word] then return "commands: list, run NUMBER, stop" end
  local task = spawn(commands[word], rest)
  local text, message = task:join(ANSWER)
  task:cancel()
  return text or message
end

local port
port = assert(listen(arg[1] or 7001, function(client)
  if port.open > 1 then return end
  for line in client:lines() do client:write(answer(line), "\n") end
end))
io.stdout:setvbuf "line"
print("commands on " .. port.address)
signal("TERM", abort)
dispatch()
