#!/usr/bin/env moonwire
-- rtimer.lua [-v] [-m FILE] [SECONDS [MINUTES [HOURS [INCREMENT]]]]: an egg timer.
local usage = [==[
usage: rtimer.lua [-v] [-m FILE] [SECONDS [MINUTES [HOURS [INCREMENT]]]]
Waits that long in all, each 0 if left out, and tells every INCREMENT seconds how far it is: seconds
gone, seconds in all, per cent. Ctrl-C stops it.
-m FILE  the sound for the end, played if it can be read and a player is there
-v       tells the settings, when it will end, and why there was no sound
Exit: 0 the time is over, 1 an argument is no whole number, 2 usage, 130 stopped.]==]

local sound = "/usr/share/sounds/freedesktop/stereo/complete.oga"
local players = {
  { name = "paplay" },
  { name = "aplay", flags = "-q" },
  { name = "mplayer", flags = "-really-quiet" },
  { name = "ffplay", flags = "-nodisp -autoexit -loglevel quiet" },
}

local function fail(status, text)
  io.stderr:write(text, "\n")
  os.exit(status)
end

local numbers, verbose = {}, false
local words = table.move(arg, 1, #arg, 1, {})
while words[1] do
  local word = table.remove(words, 1)
  if word == "--help" then print(usage) os.exit(0) end
  if word == "-v" then verbose = true
  elseif word == "-m" then sound = table.remove(words, 1) or fail(2, usage)
  elseif word:find "^%-%D" then fail(2, usage)
  else
    if not word:find "^%d+$" then fail(1, "rtimer.lua: not a whole number: " .. word) end
    numbers[#numbers + 1] = math.tointeger(tonumber(word))
      or fail(1, "rtimer.lua: too large: " .. word)
  end
end
local seconds, minutes, hours, increment = table.unpack(numbers)
local goal = (seconds or 0) + 60 * (minutes or 0) + 3600 * (hours or 0)
if #numbers > 4 or goal <= 0 then fail(2, usage) end
if not increment or increment == 0 then increment = goal end

local function play()
  if not io.open(sound) then return "cannot read " .. sound end
  for _, player in ipairs(players) do
    if os.execute("command -v " .. player.name .. " >/dev/null") then
      local file = "'" .. sound:gsub("'", "'\\''") .. "'"
      os.execute(("%s %s %s 2>/dev/null"):format(player.name, player.flags or "", file))
      return player.name .. " played " .. sound
    end
  end
  return "no player"
end

io.stdout:setvbuf "line"
local start = now()
signal("INT", function()
  print(("stopped at %d of %d s"):format((now() - start) // 1, goal))
  os.exit(130)
end)
if verbose then
  local ending = os.date("%X", os.time() + goal)
  print(("%d s, a notice every %d s, until %s"):format(goal, increment, ending))
end

local function wait_until(count) sleep(math.max(0, start + count - now())) end
for count = increment, goal, increment do
  wait_until(count)
  print(("%d of %d s, %d %%"):format(count, goal, count * 100 // goal))
end
wait_until(goal)
print(("time is over: %d s"):format(goal))
local played = play()
if verbose then print("sound: " .. played) end
os.exit(0)
