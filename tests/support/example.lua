--- Runs the examples of the manual as they are printed: `example(name, text)` fails the case if they
-- do not print what stands behind "-->" in them; what they leave open is closed.
local check = require "check"

local PATIENCE <const> = 10  -- seconds, for what must be printed
local SLACK <const> = 1      -- seconds that the example's own sleeps may take longer, for the same

--- What an example promises to print: the texts after "-->", one per line.
local function promised(example)
  local lines = {}
  for text in (example .. "\n"):gmatch("%-%-> (.-)\n") do lines[#lines + 1] = text end
  return lines
end

local function squeeze(text) return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")) end

--- Closes what an example left open: what its variables hold, then every connection.
local function clean_up(env)
  local function try(object, name)
    pcall(function() object[name](object) end)
  end
  for _, value in pairs(env) do
    if type(value) == "userdata" then
      for _, name in ipairs { "close", "delete", "cancel" } do try(value, name) end
    end
  end
  for _, row in ipairs(conns()) do try(row.object, "close") end
end

--- What sleep() at the beginning of an example's line is: on a busy machine what stands behind "-->"
-- up to there may need longer.
local function patient_sleep(example, printed)
  return function(seconds)
    sleep(seconds)
    local due, line = 0, 0
    local own = debug.getinfo(2, "l").currentline
    for text in example:gmatch "[^\n]*" do
      line = line + 1
      if line <= own and text:find("--> ", 1, true) then due = due + 1 end
    end
    local deadline = now() + SLACK
    while #printed < due and now() < deadline do sleep(0.005) end
  end
end

return function(name, example)
  local printed, env = {}, {}
  env.patient_sleep = patient_sleep(example, printed)
  function env.print(...)
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    for line in (table.concat(words, " ") .. "\n"):gmatch("(.-)\n") do
      printed[#printed + 1] = squeeze(line)
    end
  end
  local method = reactor.method
  local patient = ("\n" .. example):gsub("\nsleep%(", "\npatient_sleep("):sub(2)
  check.ok(load(patient, "=" .. name, "t", setmetatable(env, { __index = _G })))()
  local want = promised(example)
  for i, line in ipairs(want) do want[i] = squeeze(line) end
  if #want > 0 then
    local deadline = now() + PATIENCE
    while #printed < #want and now() < deadline do sleep(0.005) end
    check.same(printed, want, name)
  end
  if reactor.method ~= method then initialize { methods = { method } } end
  clean_up(env)
end
