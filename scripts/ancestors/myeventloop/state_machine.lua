#!/usr/bin/env moonwire
-- state_machine.lua [SECONDS]: My Event Loop's state machine: states, the transitions that are allowed, who
-- is told of which, and timeouts that end with the state they were made in. Here it is a traffic light, each
-- of whose states lasts SECONDS (0.2); it is broken the second time that it is green.
local handler = require "handler"

local Machine = {}
Machine.__index = Machine

--- `allowed`: { state = { the states that may follow } }.
local function machine(first, allowed)
  return setmetatable({ state = first, allowed = {}, observers = {}, timeouts = {} }, Machine):allow(allowed)
end

function Machine:allow(allowed)
  for state, followers in pairs(allowed) do
    self.allowed[state] = {}
    for _, each in ipairs(followers) do self.allowed[state][each] = true end
  end
  return self
end

--- fn(to, from) is called for transitions to `which`: a state, "*" for any, "!state" for any other.
function Machine:observe(which, fn) self.observers[#self.observers + 1] = { which = which, fn = fn } end

function Machine:timeout(seconds, fn)
  self.timeouts[#self.timeouts + 1] = handler.timeout(self.state, seconds, fn)
end

local function concerns(which, state)
  if which:sub(1, 1) == "!" then return which:sub(2) ~= state end
  return which == "*" or which == state
end

--- Goes to another state; raises if that may not follow.
function Machine:go(to)
  local from = self.state
  if not self.allowed[from][to] then error(("no way from %s to %s"):format(from, to), 2) end
  for _, each in ipairs(self.timeouts) do each:cancel() end
  self.timeouts, self.state = {}, to
  for _, each in ipairs(self.observers) do
    if concerns(each.which, to) then each.fn(to, from) end
  end
end

local seconds = tonumber(arg[1] or 0.2)
local light = machine("red", { red = { "green" }, green = { "yellow", "broken" }, yellow = { "red" }, broken = {} })
local following = { red = "green", green = "yellow", yellow = "red" }
local greens = 0

light:observe("*", function(to, from) print(from .. " -> " .. to) end)
light:observe("!broken", function(to)
  light:timeout(seconds, function() light:go(following[to]) end)
end)
light:observe("green", function()
  greens = greens + 1
  if greens == 2 then light:timeout(seconds / 2, function() light:go "broken" end) end
end)

print("red to yellow: " .. select(2, pcall(light.go, light, "yellow")))
light:go "green"
dispatch()
print("ended, " .. light.state)
